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

const char *csv_delimiter_name(char delimiter)
{
    return delimiter == '\t' ? "tab" : delimiter == ';' ? "semicolon" : delimiter == '|' ? "bar" : "comma";
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
            { "<?", "HTML or XML" },
        { "<html", "HTML" }, { "{", "JSON" }, { "\xd0\xcf\x11\xe0", "an .xls file: export the sheet as CSV" },
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

/* Latin-1 in UTF-8, in place of the text given; NULL without memory. */
static char *from_latin1(char *text, size_t size)
{
    unsigned char *utf8 = (unsigned char *)malloc(2 * size + 1), *to = utf8;
    const unsigned char *p;
    for (p = (const unsigned char *)text; utf8 && *p; p++) {
        if (*p < 0x80) { *to++ = *p; continue; }
        *to++ = (unsigned char)(0xc0 | *p >> 6);
        *to++ = (unsigned char)(0x80 | (*p & 0x3f));
    }
    if (utf8) *to = 0;
    free(text);
    return (char *)utf8;
}

/* The file as UTF-8 without a mark; NULL: error says why. */
static char *read_text(const char *path, char *error, size_t error_size)
{
    size_t size, i;
    char *text = read_bytes(path, &size, error, error_size);
    const char *format = text ? known_format(text, size) : NULL;
    if (!text) return NULL;
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) memmove(text, text + 3, (size -= 3) + 1);
    for (i = 0; !format && i < size; i++)
        if ((unsigned char)text[i] < 32 && !strchr("\t\n\v\f\r\x1a", text[i] ? text[i] : 1)) break;
    if (!format && i == size) {
        if (!is_utf8((const unsigned char *)text)) text = from_latin1(text, size);
        if (!text) fails(error, error_size, "no memory for it");
        return text;
    }
    if (format) fails(error, error_size, "not a table of text but %s", format);
    else fails(error, error_size, "not a table of text: byte %lu is %d", (unsigned long)i + 1, text[i]);
    free(text);
    return NULL;
}

/* ---- cells ---- */

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\x1a'; }
static int ends_cell(char c, char delimiter) { return c == 0 || c == '\n' || c == '\r' || c == delimiter; }

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
static char *skip_blank_lines(char *p, size_t *line)
{
    for (;;) {
        char *end = skip_blanks(p, 0);
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

/* How well a delimiter cuts the first records into equally many cells, more than one: the share of records that have
   as many as most of them have. */
static double consistency(char *text, char delimiter)
{
    size_t counts[SNIFF_RECORDS], n = 0, line = 0, best = 0, i, j;
    char *p = skip_blank_lines(text, &line);
    for (; *p && n < SNIFF_RECORDS; p = skip_blank_lines(p, &line))
        if ((counts[n++] = count_cells(&p, delimiter)) == 0) { n--; break; }
    for (i = 0; i < n; i++) {
        size_t same = 0;
        for (j = 0; j < n; j++) same += counts[j] == counts[i];
        if (counts[i] > 1 && same > best) best = same;
    }
    return n ? (double)best / (double)n : 0;
}

/* Among equals the comma comes last: it may be a decimal sign. */
static char find_delimiter(char *text)
{
    static const char delimiters[] = "\t;|,";
    char best = ',';
    double most = 0;
    int i;
    for (i = 0; i < 4; i++) {
        double c = consistency(text, delimiters[i]);
        if (c > most) { most = c; best = delimiters[i]; }
    }
    return best;
}

/* Cuts the text into cells, all records into t->cells; t->lines. */
static int cut(csv *t, char *error, size_t error_size)
{
    size_t room = 0, line = 1, n = 0;
    char *p = skip_blank_lines(t->text, &line), *cell, *end, *stop;
    for (; *p; p = skip_blank_lines(p, &line)) {
        size_t first = line, column = 0;
        int more = 1;
        if ((t->rows & (t->rows - 1)) == 0) {           /* a power of two, so that arrays double */
            size_t *lines = (size_t *)realloc(t->lines, (t->rows ? 2 * t->rows : 1) * sizeof *lines);
            if (!lines) return fails(error, error_size, "no memory for it");
            t->lines = lines;
        }
        t->lines[t->rows] = first;
        for (; more; column++) {
            if (n == room) {
                char **cells = (char **)realloc(t->cells, (room = room ? 2 * room : 1024) * sizeof *cells);
                if (!cells) return fails(error, error_size, "no memory for it");
                t->cells = cells;
            }
            stop = next_cell(p, t->delimiter, 1, &cell, &end, &line);
            if (!stop) return fails(error, error_size, "line %lu: a quote is opened and never closed",
                (unsigned long)first);
            more = *stop && *stop == t->delimiter;
            p = more ? stop + 1 : next_line(stop, &line);
            *end = 0;
            t->cells[n++] = cell;
        }
        if (t->rows++ == 0) t->columns = column;
        if (column != t->columns)
            return fails(error, error_size, "line %lu has %lu cells where line %lu has %lu (%s between them)",
                (unsigned long)first,
                         (unsigned long)column, (unsigned long)t->lines[0], (unsigned long)t->columns,
                             csv_delimiter_name(t->delimiter));
    }
    return t->rows ? 0 : fails(error, error_size, "empty");
}

/* ---- numbers and missing cells ---- */

/* The characters of a number with a point, into plain (at most 63); 0: not a number. The other one of point and comma
   groups thousands. */
static int plain_number(const char *p, char decimal, char plain[64])
{
    int digits = 0, group = 0, i, n = 0;
    if (*p == '+' || *p == '-') plain[n++] = *p++;
    for (; n < 40; p++) {
        if (isdigit((unsigned char)*p)) { plain[n++] = *p; digits++; continue; }
        if (*p != (decimal == '.' ? ',' : '.') || digits == 0 || (!group && digits > 3)) break;
        for (i = 1; i <= 3; i++) if (!isdigit((unsigned char)p[i])) return 0;
        if (isdigit((unsigned char)p[4])) return 0;
        group = 1;
    }
    if (*p == decimal) {
        for (plain[n++] = '.', p++; isdigit((unsigned char)*p); p++, digits++) if (n < 50) plain[n++] = *p;
    }
    if (!digits) return 0;
    if (*p == 'e' || *p == 'E') {
        plain[n++] = *p++;
        if (*p == '+' || *p == '-') plain[n++] = *p++;
        if (!isdigit((unsigned char)*p)) return 0;
        for (; isdigit((unsigned char)*p) && n < 60; p++) plain[n++] = *p;
    }
    plain[n] = 0;
    while (is_blank(*p)) p++;
    return *p == 0;
}

int csv_number(const char *cell, char decimal, double *value)
{
    char plain[64];
    while (is_blank(*cell)) cell++;
    if (!plain_number(cell, decimal, plain)) return 0;
    if (value) *value = strtod(plain, NULL);
    return 1;
}

/* A comma, unless points are decimal signs in as many cells; "1,234" between commas has a group of thousands. */
static char find_decimal(const csv *t)
{
    size_t n = t->rows * t->columns, i, commas = 0, points = 0, fractions = 0;
    for (i = 0; i < n; i++) {
        if (strchr(t->cells[i], ',') && csv_number(t->cells[i], ',', NULL)) {
            commas++;
            fractions += t->delimiter != ',' || !csv_number(t->cells[i], '.', NULL);
        }
        points += strchr(t->cells[i], '.') && csv_number(t->cells[i], '.', NULL);
    }
    return fractions > 0 && commas > points ? ',' : '.';
}

static int same_word(const char *a, const char *b)
{
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) a++, b++;
    return *a == *b;
}

static int is_missing(const char *cell, const char *word)
{
    static const char *const words[] = { "", "?", "na", "n/a", "#n/a", "nan", "null", "none", "-", "." };
    size_t i;
    for (i = 0; i < sizeof words / sizeof *words; i++) if (same_word(cell, words[i])) return 1;
    return word && !strcmp(cell, word);
}

/* ---- the header ---- */

/* How the first record differs from those below: +1 a text above numbers, -1 a number or a text that comes again
   below, else 0. */
static int speaks_for_header(const csv *t, size_t column, const char *missing)
{
    const char *top = t->cells[column];
    size_t rows = t->rows < SNIFF_RECORDS ? t->rows : SNIFF_RECORDS, i, numbers = 0, filled = 0, again = 0;
    for (i = 1; i < rows; i++) {
        const char *cell = t->cells[i * t->columns + column];
        if (is_missing(cell, missing)) continue;
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
    size_t i, j, found = 0;
    for (i = 0; i < t->columns; i++)
        for (j = 0; j < o->name_count; j++)
            if (!strcmp(t->cells[i], o->names[j])) { found++; break; }
    return 2 * found > t->columns || found + 1 >= o->name_count;
}

/* A text above numbers speaks for a header, whatever else there is; without numbers it is enough that nothing comes
   again below. */
static int find_header(const csv *t, const csv_options *o)
{
    size_t column, against = 0;
    if (o->header) return o->header > 0;
    if (o->names && is_known_header(t, o)) return 1;
    for (column = 0; column < t->columns; column++) {
        int speaks = speaks_for_header(t, column, o->missing);
        if (speaks > 0) return 1;
        against += speaks < 0;
    }
    return against == 0 && t->rows != 2 && !o->names;
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
    char reason[200] = "";
    size_t i;
    memset(t, 0, sizeof *t);
    t->text = read_text(path, reason, sizeof reason);
    if (t->text) {
        t->delimiter = o->delimiter ? o->delimiter : find_delimiter(t->text);
        if (!cut(t, reason, sizeof reason)) {
            t->decimal = o->decimal ? o->decimal : find_decimal(t);
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
