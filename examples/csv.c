#include "csv.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNIFF_RECORDS = 500 };

static int fails(char *error, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, size, format, arguments);
    va_end(arguments);
    return 1;
}

char csv_sign(const char *value, const char *allowed)
{
    const char sign = !strcmp(value, "tab") || !strcmp(value, "\\t") ? '\t' : !value[0] || value[1] ? 0 : *value;
    return sign && (allowed ? strchr(allowed, sign) != NULL : !strchr("\"\r\n", sign)) ? sign : 0;
}

const char *csv_delimiter_name(char delimiter)
{
    static const char *const names[] = { "\ttab", ";semicolon", "|bar", ",comma", " blank", ":colon" };
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++) if (names[i][0] == delimiter) return names[i] + 1;
    return "the delimiter";
}

/* ---- the file: bytes, then UTF-8 text ---- */

/* All bytes of the file and a 0 behind them; NULL: error says why. */
static char *read_bytes(const char *path, size_t *size, char *error, size_t error_size)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
    size_t room = 1 << 16, got;
    char *bytes = f ? (char *)malloc(room) : NULL, *more;
    *size = 0;
    while (bytes && (got = fread(bytes + *size, 1, room - 1 - *size, f)) > 0) {
        *size += got;
        if (*size < room - 1) continue;
        more = room > SIZE_MAX / 2 ? NULL : (char *)realloc(bytes, room *= 2);
        if (!more) free(bytes);
        bytes = more;
    }
    if (!f) fails(error, error_size, "cannot be opened");
    else if (!bytes) fails(error, error_size, "no memory for it");
    else if (ferror(f)) { fails(error, error_size, "cannot be read"); free(bytes); bytes = NULL; }
    if (bytes) bytes[*size] = 0;
    if (f && f != stdin) fclose(f);
    return bytes;
}

/* What a file that is no text is, by its first bytes. */
static const char *known_format(const char *bytes, size_t size)
{
    static const struct { const char *begin, *name; } formats[] = {
        { "PK\3\4", "an .xlsx, .ods or .zip file: export the sheet as CSV" }, { "\x1f\x8b", "a .gz file: unpack it" },
        { "%PDF", "a PDF" }, { "\xff\xfe", "UTF-16: save it as UTF-8" }, { "\xfe\xff", "UTF-16: save it as UTF-8" },
        { "PAR1", "a Parquet file: export it as CSV" }, { "\x89PNG", "a PNG image" }, { "<!", "HTML or XML" },
        { "<?", "HTML or XML" }, { "<html", "HTML" }, { "{", "JSON" }, { "[{", "JSON" }, { "[\n", "JSON" },
        { "\xd0\xcf\x11\xe0", "an .xls file: export the sheet as CSV" }
    };
    size_t i;
    for (i = 0; i < sizeof formats / sizeof *formats; i++)
        if (size >= strlen(formats[i].begin) && !memcmp(bytes, formats[i].begin, strlen(formats[i].begin)))
            return formats[i].name;
    return NULL;
}

/* As Unicode has it: no longer forms than needed, no surrogates, nothing above 10ffff. */
static int is_utf8(const unsigned char *p)
{
    while (*p) {
        const int more = *p < 0x80 ? 0 : *p >= 0xc2 && *p < 0xe0 ? 1 : (*p & 0xf0) == 0xe0 ? 2
                       : *p >= 0xf0 && *p < 0xf5 ? 3 : -1;
        const int least = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
        const int most = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;
        int i;
        if (more < 0 || (more > 0 && (p[1] < least || p[1] > most))) return 0;
        for (i = 1; i <= more; i++) if ((p[i] & 0xc0) != 0x80) return 0;
        p += 1 + more;
    }
    return 1;
}

/* Windows-1252 in UTF-8, in place of the text given; NULL without memory. It is Latin-1 but for 0x80 to 0x9f. */
static char *from_windows(char *text, size_t size)
{
    static const unsigned short others[32] = {
        0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
        0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178
    };
    unsigned char *utf8 = (unsigned char *)malloc(3 * size + 1), *to = utf8;
    const unsigned char *p;
    for (p = (const unsigned char *)text; utf8 && *p; p++) {
        const unsigned c = *p >= 0x80 && *p < 0xa0 ? others[*p - 0x80] : *p;
        if (c < 0x80) { *to++ = (unsigned char)c; continue; }
        if (c < 0x800) *to++ = (unsigned char)(0xc0 | c >> 6);
        else { *to++ = (unsigned char)(0xe0 | c >> 12); *to++ = (unsigned char)(0x80 | (c >> 6 & 0x3f)); }
        *to++ = (unsigned char)(0x80 | (c & 0x3f));
    }
    if (utf8) *to = 0;
    free(text);
    return (char *)utf8;
}

/* The first character that no text has; the end: there is none. *line: where it stands, from 1. */
static size_t find_control(const char *text, size_t size, size_t *line)
{
    size_t i;
    for (*line = 1, i = 0; i < size; i++) {
        if ((unsigned char)text[i] < 32 && (!text[i] || !strchr("\t\n\v\f\r\x1a", text[i]))) break;
        *line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
    }
    return i;
}

/* The file as UTF-8 without a mark; NULL: error says why. */
static char *read_text(const char *path, char *error, size_t error_size)
{
    size_t size, line, at;
    char *text = read_bytes(path, &size, error, error_size);
    const char *format = text ? known_format(text, size) : NULL;
    if (!text) return NULL;
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) memmove(text, text + 3, (size -= 3) + 1);
    at = find_control(text, size, &line);
    if (at < 2 && size > 2 && !text[at]) format = "UTF-16: save it as UTF-8";
    if (!format && at == size) {
        if (!is_utf8((const unsigned char *)text)) text = from_windows(text, size);
        if (!text) fails(error, error_size, "no memory for it");
        return text;
    }
    if (format) fails(error, error_size, "not a table of text but %s", format);
    else fails(error, error_size, "not a table of text: line %lu has the character %d", (unsigned long)line, text[at]);
    free(text);
    return NULL;
}

/* ---- cells ---- */

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\x1a'; }
static int ends_cell(char c, char delimiter) { return c == 0 || c == '\n' || c == '\r' || c == delimiter; }

/* those of the delimiter are none */
static char *skip_blanks(char *p, char delimiter)
{
    while (is_blank(*p) && *p != delimiter) p++;
    return p;
}

/* One cell from p on: *cell its text, cut to size and unquoted within its place when `write`. *line counts line ends;
   returns where the delimiter, line end or 0 behind it stands, NULL when a quote is not closed. The caller writes the
   0 behind *cell to *end. */
static char *next_cell(char *p, char delimiter, int write, char **cell, char **end, size_t *line)
{
    char *to;
    p = skip_blanks(p, delimiter);
    *cell = to = p;
    if (*p == '"') {
        for (*cell = to = ++p; *p != '"' || p[1] == '"'; p++) {
            if (!*p) return NULL;
            if (*p == '"') p++;
            if (*p == '\n' || (*p == '\r' && p[1] != '\n')) ++*line;
            if (write) *to = *p;
            to++;
        }
        p++;
        *end = to;
        /* a tail behind the quote belongs to the cell, unless it is blank */
        while (!ends_cell(*p, delimiter)) {
            if (write) *to = *p;
            to++;
            if (!is_blank(*p++)) *end = to;
        }
        return p;
    }
    while (!ends_cell(*p, delimiter)) p++;
    for (to = p; to > *cell && is_blank(to[-1]);) to--;
    *end = to;
    return p;
}

/* Behind a line end. */
static char *next_line(char *p, size_t *line)
{
    if (!*p) return p;
    ++*line;
    return p + (p[0] == '\r' && p[1] == '\n' ? 2 : 1);
}

/* To the first record that is not blank. */
static char *skip_blank_lines(char *p, char delimiter, size_t *line)
{
    for (;;) {
        char *end = skip_blanks(p, delimiter);
        if (*end != '\n' && *end != '\r') return *end ? p : end;
        p = next_line(end, line);
    }
}

/* How many cells a record has; *p goes behind it. 0: a quote is not closed. */
static size_t count_cells(char **p, char delimiter)
{
    size_t n = 0, line = 0;
    char *cell, *end;
    for (;;) {
        char *stop = next_cell(*p, delimiter, 0, &cell, &end, &line);
        if (!stop) return 0;
        n++;
        if (*stop != delimiter || !*stop) { *p = next_line(stop, &line); return n; }
        *p = stop + 1;
    }
}

/* How well a delimiter cuts the first records into equally many cells: the share of records that have as many as most
   of them have, which is in *cells. */
static double consistency(char *text, char delimiter, size_t *cells)
{
    size_t counts[SNIFF_RECORDS], n = 0, line = 0, best = 0, i, j;
    char *p = skip_blank_lines(text, delimiter, &line);
    for (; *p && n < SNIFF_RECORDS; p = skip_blank_lines(p, delimiter, &line))
        if ((counts[n++] = count_cells(&p, delimiter)) == 0) { n--; break; }
    *cells = 0;
    for (i = 0; i < n; i++) {
        size_t same = 0;
        for (j = 0; j < n; j++) same += counts[j] == counts[i];
        if (same > best) { best = same; *cells = counts[i]; }
    }
    return n ? (double)best / (double)n : 0;
}

/* That of the other table where it cuts this one as it should be. Among equals the comma comes last: it may be a
   decimal sign. */
static char find_delimiter(char *text, const csv_options *o)
{
    static const char delimiters[] = "\t;|,";
    char best = ',';
    double most = 0, c;
    size_t cells;
    int i;
    if (o->like_delimiter && consistency(text, o->like_delimiter, &cells) >= 1
        && (cells == o->name_count || cells + 1 == o->name_count)) return o->like_delimiter;
    for (i = 0; i < 4; i++) {
        c = consistency(text, delimiters[i], &cells);
        if (cells > 1 && c > most) { most = c; best = delimiters[i]; }
    }
    return best;
}

/* "sep=;" in the first line, as spreadsheets write it, says what stands between the cells. */
static char *skip_separator_line(char *text, char *delimiter, size_t *line)
{
    if (strncmp(text, "sep=", 4) || !text[4] || (text[5] != '\n' && text[5] != '\r')) return text;
    *delimiter = text[4];
    return next_line(text + 5, line);
}

/* A record of more cells than the first one: one at its end may be empty, as spreadsheets leave it behind; and the
   first of all may lack a name for the column of the rows' own names, as R leaves it out. */
static void forgive(csv *t, size_t *cells, size_t *column)
{
    static char nothing[] = "";
    if (*column != t->columns + 1) return;
    if (!*t->cells[*cells - 1]) { --*cells; --*column; return; }
    if (t->rows != 1) return;
    memmove(t->cells + 1, t->cells, (*cells)++ * sizeof *t->cells);
    t->cells[0] = nothing;
    t->columns++;
}

/* Cuts the text from p on, which is in this line, into cells, all records into t->cells; t->lines. In a single column
   a blank line is a cell that is missing, but for those at the end. */
static int cut(csv *t, char *p, size_t line, char *error, size_t error_size)
{
    size_t room = 0, n = 0, cells;
    const int is_table = consistency(p, t->delimiter, &cells) > 0.5;
    char *cell, *end, *stop;
    for (p = skip_blank_lines(p, t->delimiter, &line); *p; ) {
        size_t first = line, column = 0;
        int more = 1;
        if ((t->rows & (t->rows - 1)) == 0) {           /* a power of two, so that arrays double */
            size_t *lines = (size_t *)realloc(t->lines, (t->rows ? 2 * t->rows : 1) * sizeof *lines);
            if (!lines) return fails(error, error_size, "no memory for it");
            t->lines = lines;
        }
        t->lines[t->rows] = first;
        for (; more; column++) {
            if (n + 1 >= room) {                        /* one more: see forgive */
                char **more_cells = (char **)realloc(t->cells, (room = room ? 2 * room : 1024) * sizeof *more_cells);
                if (!more_cells) return fails(error, error_size, "no memory for it");
                t->cells = more_cells;
            }
            stop = next_cell(p, t->delimiter, 1, &cell, &end, &line);
            if (!stop)
                return fails(error, error_size, "line %lu: a quote is opened and never closed", (unsigned long)first);
            more = *stop && *stop == t->delimiter;
            p = more ? stop + 1 : next_line(stop, &line);
            *end = 0;
            t->cells[n++] = cell;
        }
        if (t->rows == 0) t->columns = column;
        forgive(t, &n, &column);
        t->rows++;
        if (column != t->columns)
            return fails(error, error_size, "%sline %lu has %lu cells where line %lu has %lu (%s between them)",
                         is_table ? "" : "not a table of text: ", (unsigned long)first, (unsigned long)column,
                         (unsigned long)t->lines[0], (unsigned long)t->columns, csv_delimiter_name(t->delimiter));
        if (t->columns > 1) p = skip_blank_lines(p, t->delimiter, &line);
    }
    while (t->rows && t->columns == 1 && !*t->cells[t->rows - 1]) t->rows--;
    return t->rows ? 0 : fails(error, error_size, "empty");
}

/* ---- numbers and missing cells ---- */

/* The length of the first of these signs that stands at p, 0: of none. */
static size_t sign_at(const char *p, const char *const *signs)
{
    for (; *signs; signs++) if (*p == **signs && !strncmp(p, *signs, strlen(*signs))) return strlen(*signs);
    return 0;
}

/* blanks: that of no break, the narrow one, the thin one; units: euro, pound, yen, rupee, won, lira, rouble */
static const char *const blanks[] = { " ", "\t", "\v", "\f", "\x1a", "\xc2\xa0", "\xe2\x80\xaf",
                                     "\xe2\x80\x89", NULL },
    *const units[] = { "%", "$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5", "\xe2\x82\xb9", "\xe2\x82\xa9",
                       "\xe2\x82\xba", "\xe2\x82\xbd", NULL },
    *const minuses[] = { "-", "\xe2\x88\x92", NULL }, *const apostrophes[] = { "'", "\xe2\x80\x99", NULL };

/* Behind blanks and units. */
static const char *skip_units(const char *p)
{
    size_t n;
    while ((n = sign_at(p, blanks)) > 0 || (n = sign_at(p, units)) > 0) p += n;
    return p;
}

/* What groups thousands at p: the other one of point and comma, a blank or an apostrophe, before three digits; its
   length, 0: nothing does. */
static size_t group_at(const char *p, char decimal)
{
    const size_t blank = sign_at(p, blanks), other = *p == (decimal == '.' ? ',' : '.');
    const size_t n = other ? other : blank ? blank : sign_at(p, apostrophes);
    int i;
    for (i = 0; n && i < 3; i++) if (!isdigit((unsigned char)p[n + i])) return 0;
    return n && !isdigit((unsigned char)p[n + 3]) ? n : 0;
}

/* The characters of a number with a point, into plain (at most 63); 0: not a number. In brackets it is negative, as
   books are kept. */
static int plain_number(const char *p, char decimal, char plain[64])
{
    int digits = 0, group = 0, n = 0, bracket = 0;
    p = skip_units(p);
    if (*p == '(') { plain[n++] = '-'; bracket = 1; p++; }
    else if (sign_at(p, minuses)) { plain[n++] = '-'; p += sign_at(p, minuses); }
    else if (*p == '+') p++;
    p = skip_units(p);
    for (; n < 40; ) {
        const size_t sign = digits && (group || (digits <= 3 && plain[n - digits] != '0')) ? group_at(p, decimal) : 0;
        if (!isdigit((unsigned char)*p) && !sign) break;
        if (sign) { p += sign; group = 1; continue; }
        plain[n++] = *p++;
        digits++;
    }
    if (*p == decimal)
        for (plain[n++] = '.', p++; isdigit((unsigned char)*p); p++, digits++) if (n < 50) plain[n++] = *p;
    if (!digits) return 0;
    if (*p == 'e' || *p == 'E') {
        plain[n++] = *p++;
        if (*p == '+' || *p == '-') plain[n++] = *p++;
        if (!isdigit((unsigned char)*p)) return 0;
        for (; isdigit((unsigned char)*p) && n < 60; p++) plain[n++] = *p;
    }
    plain[n] = 0;
    p = skip_units(p);
    if (bracket && *p++ != ')') return 0;
    return !*skip_units(p);
}

int csv_number(const char *cell, char decimal, double *value)
{
    char plain[64];
    if (!plain_number(cell, decimal, plain)) return 0;
    if (value) *value = strtod(plain, NULL);
    return 1;
}

/* What numbers say of the decimal sign: how many can only have a comma, only a point; in columns where some could have
   a decimal comma or thousands in groups ("1,234"), or a decimal point or these ("1.234": dotted), how many could, and
   how many have neither although they are large enough for a group, or not. */
typedef struct { size_t commas, points, either, dotted, large, small; } decimal_signs;

static void look_at_signs(const csv *t, size_t column, decimal_signs *all)
{
    decimal_signs s = { 0, 0, 0, 0, 0, 0 };
    size_t i;
    for (i = 0; i < t->rows; i++) {
        const char *cell = t->cells[i * t->columns + column];
        double value;
        const int comma = csv_number(cell, ',', NULL), point = csv_number(cell, '.', &value);
        s.commas += comma && !point;
        s.points += point && !comma;
        s.either += comma && point && strchr(cell, ',');
        s.dotted += comma && point && strchr(cell, '.');
        if (!comma || !point || strchr(cell, ',') || strchr(cell, '.')) continue;
        if (value >= 1000 || value <= -1000) s.large++;
        else s.small++;
    }
    all->commas += s.commas;
    all->points += s.points;
    all->either += s.either;
    all->dotted += s.dotted;
    if (s.either || s.dotted) { all->large += s.large; all->small += s.small; }
}

/* As most numbers have it that can be read in one way only; else as in the other table. "1,234" between commas has a
   group of thousands, and so it has where smaller numbers have no comma and all larger ones have. So has
   "1.234" between semicolons, which stand there where the comma is the decimal sign. */
static char find_decimal(const csv *t, const csv_options *o)
{
    decimal_signs s = { 0, 0, 0, 0, 0, 0 };
    size_t column;
    for (column = 0; column < t->columns; column++) look_at_signs(t, column, &s);
    if (s.commas || s.points) return s.commas > s.points ? ',' : '.';
    if (o->like_decimal && o->like_delimiter == t->delimiter) return o->like_decimal;
    if (s.dotted && !s.either) return t->delimiter == ';' && s.small && !s.large ? ',' : '.';
    return s.either && t->delimiter != ',' && !(s.small && !s.large) ? ',' : '.';
}

static int same_word(const char *a, const char *b)
{
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) a++, b++;
    return *a == *b;
}

int csv_no_number(const char *cell) { return same_word(cell, "none") || !strcmp(cell, "-") || !strcmp(cell, "."); }

static int is_missing(const char *cell, const char *const *more)
{
    static const char *const words[] = { "?", "na", "n/a", "#n/a", "nan", "null" };
    const char *p = cell;
    size_t i;
    while ((i = sign_at(p, blanks)) > 0) p += i;            /* those of no break, too */
    if (!*p) return 1;
    for (i = 0; i < sizeof words / sizeof *words; i++) if (same_word(cell, words[i])) return 1;
    for (; more && *more; more++) if (!strcmp(cell, *more)) return 1;
    return 0;
}

/* ---- the header ---- */

/* How the first record differs from those below: +1 a text above numbers, -1 a number or a text that comes again
   below, else 0. */
static int speaks_for_header(const csv *t, size_t column, const char *const *missing)
{
    const char *top = t->cells[column];
    size_t rows = t->rows < SNIFF_RECORDS ? t->rows : SNIFF_RECORDS, i, numbers = 0, filled = 0, again = 0;
    for (i = 1; i < rows; i++) {
        const char *cell = t->cells[i * t->columns + column];
        if (is_missing(cell, missing) || csv_no_number(cell)) continue;
        filled++;
        numbers += (size_t)csv_number(cell, t->decimal, NULL);
        again += !strcmp(cell, top);
    }
    if (is_missing(top, missing)) return 0;
    if (!filled) return -csv_number(top, t->decimal, NULL);
    if (10 * numbers >= 9 * filled) return csv_number(top, t->decimal, NULL) ? -1 : 1;
    return again ? -1 : 0;
}

static int is_known_header(const csv *t, const csv_options *o)
{
    char unnamed[32];
    size_t i, j, found = 0;
    for (i = 0; i < t->columns; i++) {
        snprintf(unnamed, sizeof unnamed, "column %lu", (unsigned long)(i + 1));
        for (j = 0; j < o->name_count; j++)
            if (!strcmp(*t->cells[i] ? t->cells[i] : unnamed, o->names[j])) { found++; break; }
    }
    return 2 * found > t->columns || found + 1 >= o->name_count;
}

/* Whether a record has numbers that count up from column to column, four or more: as names years and places do. */
static int numbers_count_up(const csv *t, size_t row)
{
    size_t column, n = 0;
    double value, last = 0;
    for (column = 0; column < t->columns; column++) {
        if (!csv_number(t->cells[row * t->columns + column], t->decimal, &value)) continue;
        if (n++ && value != last + 1) return 0;
        last = value;
    }
    return n >= 4;
}

/* A text above numbers speaks for a header, whatever else there is; without numbers, or with some that count up, it is
   enough that no text comes again below. Where a table of this kind has no header, nothing may speak against it: it may
   be a bad row. */
static int find_header(const csv *t, const csv_options *o)
{
    size_t column, in_favour = 0, against = 0;
    int count_up;
    if (o->header) return o->header > 0;
    if (o->names && is_known_header(t, o)) return 1;
    count_up = t->rows > 1 && numbers_count_up(t, 0) && !numbers_count_up(t, 1);
    for (column = 0; column < t->columns; column++) {
        const int speaks = speaks_for_header(t, column, o->missing);
        in_favour += speaks > 0;
        against += speaks < 0 && !(count_up && csv_number(t->cells[column], t->decimal, NULL));
    }
    if (in_favour) return o->names || !o->like_delimiter || against == 0;
    return against == 0 && t->rows != 2 && !o->like_delimiter;
}

/* Names that are all different: those of the header, "column 3" where it is blank, "name (2)" for the second of that
   name. */
static int name_columns(csv *t)
{
    size_t column, j;
    t->names = (char **)calloc(t->columns, sizeof *t->names);
    for (column = 0; t->names && column < t->columns; column++) {
        const char *top = t->header ? t->cells[column] : "";
        size_t same = 0, size = strlen(top) + 32;
        t->names[column] = (char *)malloc(size);
        if (!t->names[column]) return 1;
        do {
            if (!*top) snprintf(t->names[column], size, "column %lu", (unsigned long)(column + 1 + same++));
            else if (same++) snprintf(t->names[column], size, "%s (%lu)", top, (unsigned long)same);
            else snprintf(t->names[column], size, "%s", top);
            for (j = 0; j < column && strcmp(t->names[j], t->names[column]);) j++;
        } while (j < column);
    }
    return !t->names;
}

/* ---- the whole ---- */

int csv_read(csv *t, const char *path, const csv_options *o, char *error, size_t error_size)
{
    char reason[200] = "", *begin;
    size_t i, line = 1;
    memset(t, 0, sizeof *t);
    t->text = read_text(path, reason, sizeof reason);
    if (t->text) {
        begin = skip_separator_line(t->text, &t->delimiter, &line);
        if (o->delimiter) t->delimiter = o->delimiter;
        if (!t->delimiter) t->delimiter = find_delimiter(begin, o);
        if (!cut(t, begin, line, reason, sizeof reason)) {
            t->decimal = o->decimal ? o->decimal : find_decimal(t, o);
            t->header = find_header(t, o);
            if (name_columns(t)) fails(reason, sizeof reason, "no memory for it");
            else if (t->header && t->rows == 1) fails(reason, sizeof reason, "a header and no row");
        }
    }
    if (*reason) {
        csv_free(t);
        return fails(error, error_size, "%s: %s", strcmp(path, "-") ? path : "stdin", reason);
    }
    if (t->header) {
        memmove(t->cells, t->cells + t->columns, --t->rows * t->columns * sizeof *t->cells);
        memmove(t->lines, t->lines + 1, t->rows * sizeof *t->lines);
    }
    for (i = 0; i < t->rows * t->columns; i++) if (is_missing(t->cells[i], o->missing)) t->cells[i] = NULL;
    return 0;
}

void csv_free(csv *t)
{
    size_t i;
    for (i = 0; t->names && i < t->columns; i++) free(t->names[i]);
    free(t->names);
    free(t->cells);
    free(t->lines);
    free(t->text);
    memset(t, 0, sizeof *t);
}

void csv_write(void *file, const char *cell, char delimiter)
{
    FILE *f = (FILE *)file;
    const char *p;
    for (p = cell; *p && !strchr("\"\n\r", *p) && *p != delimiter;) p++;
    if (!*p && *cell && !is_blank(*cell) && !is_blank(cell[strlen(cell) - 1])) { fputs(cell, f); return; }
    fputc('"', f);
    for (p = cell; *p; p++) { if (*p == '"') fputc('"', f); fputc(*p, f); }
    fputc('"', f);
}
