#include "table.h"
#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_CLASSES = 20, MOST_CLASSES = 1000, RARE = 3, MOST_CATEGORIES = 1000, ID_ROWS = 20 };
enum { SOME_ROWS = 100, MANY_ROWS = 1000, FEW_PARTS = 8, ROOM = 1 << 25 };

static const double LARGEST = 1e30, EXACT = 9007199254740992.0;         /* 2^53: whole numbers above are not apart */

static const char *const kind_names[] = { "number", "category", "id", "constant", "target" };

static int fails(char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, TABLE_ERROR, format, arguments);
    va_end(arguments);
    return 1;
}

static int no_memory(char *error) { return fails(error, "not enough memory"); }

static char *copy_of(const char *s)
{
    char *copy = (char *)malloc(strlen(s) + 1);
    return copy ? strcpy(copy, s) : NULL;
}

static const char *cell_of(const csv *c, size_t row, int column)
{
    return c->cells[row * c->columns + (size_t)column];
}

/* ---- what is in a column ---- */

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct {
    size_t filled, numbers, distinct;   /* cells that are not missing; those that are numbers; different texts */
    size_t not_number;                  /* the first row whose cell is a text */
    int integers, steps, zeros;         /* all are whole numbers; each is the one above plus 1; there is one like 01 */
    double low, high;
    char **sorted;                      /* the filled cells, by text */
} column_facts;

static void look_at_number(column_facts *f, const char *cell, double value, double *last)
{
    f->integers = f->integers && value == floor(value);
    f->steps = f->steps && (f->numbers == 0 || value == *last + 1);
    f->zeros = f->zeros || (cell[0] == '0' && cell[1] >= '0' && cell[1] <= '9');
    if (f->numbers == 0 || value < f->low) f->low = value;
    if (f->numbers == 0 || value > f->high) f->high = value;
    *last = value;
    f->numbers++;
}

static int text_is_id(const column_facts *f) { return f->filled >= ID_ROWS && 5 * f->distinct > 4 * f->filled; }

/* One text in ten at most among numbers is a slip, and refused where it is read; more are, too, where nearly all cells
   differ, as numbers do and categories do not. */
static int is_number_column(const column_facts *f)
{
    return f->numbers > 0 && (10 * f->numbers >= 9 * f->filled || (2 * f->numbers > f->filled && text_is_id(f)));
}

static void count_distinct(column_facts *f)
{
    size_t i;
    for (f->distinct = i = 0; i < f->filled; i++)
        f->distinct += i == 0 || strcmp(f->sorted[i], f->sorted[i - 1]) != 0;
}

/* Of a column of numbers, cells that say that there is none are missing. */
static int look_at(const csv *c, int column, column_facts *f)
{
    double value, last = 0;
    size_t i, none = 0, kept = 0;
    memset(f, 0, sizeof *f);
    f->integers = f->steps = 1;
    f->not_number = c->rows;
    f->sorted = (char **)malloc((c->rows ? c->rows : 1) * sizeof *f->sorted);
    if (!f->sorted) return 1;
    for (i = 0; i < c->rows; i++) {
        char *cell = c->cells[i * c->columns + (size_t)column];
        if (!cell) continue;
        f->sorted[f->filled++] = cell;
        if (csv_number(cell, c->decimal, &value)) look_at_number(f, cell, value, &last);
        else if (csv_no_number(cell)) none++;
        else if (f->not_number == c->rows) f->not_number = i;
    }
    qsort(f->sorted, f->filled, sizeof *f->sorted, by_text);
    count_distinct(f);
    if (!none) return 0;
    f->filled -= none;
    if (is_number_column(f)) {
        for (i = 0; i < f->filled + none; i++) if (!csv_no_number(f->sorted[i])) f->sorted[kept++] = f->sorted[i];
        count_distinct(f);
    } else f->filled += none;
    return 0;
}

/* Whether the last word of a name says that a column has keys: id, customer_id, PassengerId, order no. */
static int names_key(const char *name)
{
    static const char *const words[] = { "id", "ids", "idx", "index", "key", "no", "nr", "number", "rownames",
                                         "unnamed" };
    char word[16] = "", last[16];
    size_t n = 0, i;
    for (;; name++) {
        const int letter = isalpha((unsigned char)*name) != 0;
        const int begins = n && isupper((unsigned char)*name) && islower((unsigned char)name[-1]);
        if (n && (!letter || begins)) { strcpy(last, word); n = 0; }
        if (!*name) break;
        if (letter && n < sizeof word - 1) { word[n++] = (char)tolower((unsigned char)*name); word[n] = 0; }
    }
    for (i = 0; *word && i < sizeof words / sizeof *words; i++) if (!strcmp(last, words[i])) return 1;
    return 0;
}

/* Whole numbers that hardly ever come again, in a column that is called so; without a name, large ones, and those that
   count the rows in the first column. */
static int number_is_id(const column_facts *f, const char *name, int column)
{
    const int unnamed = !strncmp(name, "column ", 7);
    if (!f->integers || f->filled < ID_ROWS) return 0;
    if (unnamed && column == 0 && f->steps && (f->low == 0 || f->low == 1)) return 1;
    return 10 * f->distinct >= 9 * f->filled && (unnamed ? f->low >= 100000 : names_key(name));
}

static table_kind kind_of(const column_facts *f, const char *name, int column, size_t rows)
{
    if (f->distinct <= 1 && (f->filled == rows || f->filled == 0)) return TABLE_CONSTANT;
    if (is_number_column(f)) return number_is_id(f, name, column) ? TABLE_ID : TABLE_NUMBER;
    return text_is_id(f) ? TABLE_ID : TABLE_CATEGORY;
}

/* ---- which column is meant ---- */

/* By its name, else by its place from 1; -1: none. */
static int find_column(const table *t, const char *name)
{
    char *end;
    long place = strtol(name, &end, 10);
    int i;
    for (i = 0; i < t->count; i++) if (!strcmp(t->columns[i].name, name)) return i;
    return *name && !*end && place >= 1 && place <= t->count ? (int)place - 1 : -1;
}

static int ask_kinds(table *t, const char *const *names, table_kind kind, char *error)
{
    for (; names && *names; names++) {
        int column = find_column(t, *names);
        if (column < 0) return fails(error, "no column '%s'", *names);
        t->columns[column].kind = kind;
        t->columns[column].asked = 1;
    }
    return 0;
}

static int is_empty(const csv *c, int column)
{
    size_t row = 0;
    while (row < c->rows && !cell_of(c, row, column)) row++;
    return row == c->rows;
}

/* The column asked for, else the last one that is neither ignored nor empty nor has keys. */
static int find_target(const table *t, const csv *c, const char *asked)
{
    int i = t->count - 1;
    if (asked) return find_column(t, asked);
    while (i > 0 && (t->columns[i].kind == TABLE_ID || is_empty(c, i))) i--;
    return i > 0 ? i : t->count - 1;
}

/* Row numbers are better than nothing to predict from. */
static void take_ids_if_needed(table *t, const csv *c)
{
    column_facts f;
    int i;
    for (i = 0; i < t->count; i++) if (t->columns[i].kind <= TABLE_CATEGORY) return;
    for (i = 0; i < t->count; i++) {
        if (t->columns[i].kind != TABLE_ID || t->columns[i].asked || look_at(c, i, &f)) continue;
        if (is_number_column(&f)) t->columns[i].kind = TABLE_NUMBER;
        free(f.sorted);
    }
}

/* ---- target ---- */

/* Texts are classes, and so are two whole numbers, or few that count from 0, 1 or -1. */
static int is_classification(const column_facts *f)
{
    if (!is_number_column(f)) return 1;
    if (!f->integers) return 0;
    return f->distinct <= 2
        || (f->distinct <= FEW_CLASSES && f->low >= -1 && f->low <= 1 && f->high <= 2 * FEW_CLASSES);
}

static int by_number(const void *a, const void *b)
{
    double x = 0, y = 0;
    csv_number(*(char *const *)a, '.', &x);
    csv_number(*(char *const *)b, '.', &y);
    return (x > y) - (x < y);
}

static int fails_as_constant(const table *t, size_t filled, size_t rows, char *error)
{
    return fails(error, "target '%s' has the same value in every row%s; --target names another column",
                 t->columns[t->target].name, filled < rows ? " that has one" : "");
}

/* Different texts of the target, and where all are numbers and none is like 01, different numbers; in order. */
static int find_classes(table *t, const csv *c, const column_facts *f, char *error)
{
    const char *name = t->columns[t->target].name;
    size_t i, n = 0;
    t->class_numbers = f->numbers == f->filled && c->decimal == '.' && !f->zeros && f->low > -EXACT && f->high < EXACT;
    if (f->distinct > MOST_CLASSES || (f->filled >= ID_ROWS && 2 * f->distinct > f->filled))
        return fails(error, "target '%s' has %lu different values in %lu rows, too many for classes; "
                     "--target names another column%s", name, (unsigned long)f->distinct, (unsigned long)f->filled,
                     f->numbers ? ", --task regression another task" : "");
    t->classes = (char **)calloc(f->distinct, sizeof *t->classes);
    if (!t->classes) return no_memory(error);
    if (t->class_numbers) qsort(f->sorted, f->filled, sizeof *f->sorted, by_number);
    for (i = 0; i < f->filled; i++) {
        if (n && (t->class_numbers ? by_number : by_text)(&f->sorted[i], &t->classes[n - 1]) == 0) continue;
        t->classes[n] = copy_of(f->sorted[i]);
        if (!t->classes[n]) return no_memory(error);
        t->class_count = (int)++n;
    }
    return n < 2 && fails_as_constant(t, f->filled, c->rows, error);
}

/* Of a text, as many bytes as a message shows: whole characters. */
static int shown(const char *text)
{
    int n = 0;
    while (n < 40 && text[n]) n++;
    while (text[n] && n > 0 && (text[n] & 0xc0) == 0x80) n--;
    return n;
}

static int plan_target(table *t, const csv *c, const table_options *o, char *error)
{
    column_facts f;
    const char *name = t->columns[t->target].name, *cell;
    int bad = 0;
    t->columns[t->target].kind = TABLE_TARGET;
    if (look_at(c, t->target, &f)) return no_memory(error);
    cell = f.not_number < c->rows ? cell_of(c, f.not_number, t->target) : "";
    if (!f.filled) bad = fails(error, "target '%s' is missing in every row; --target names another column", name);
    else if (f.distinct < 2) bad = fails_as_constant(t, f.filled, c->rows, error);
    else if (o->task ? o->task[0] == 'c' : is_classification(&f)) bad = find_classes(t, c, &f, error);
    else if (f.numbers < f.filled)
        bad = fails(error, "line %lu, column %d (%.*s): '%.*s' where a number is expected (--task classification, or "
                    "--missing WORD)", (unsigned long)c->lines[f.not_number], t->target + 1, shown(name), name,
                    shown(cell), cell);
    else if (f.low <= -LARGEST || f.high >= LARGEST)
        bad = fails(error, "target '%s' has %g, which is too large: below %g is expected", name,
                    f.high >= LARGEST ? f.high : f.low, LARGEST);
    free(f.sorted);
    return bad;
}

/* ---- the plan ---- */

static int plan_column(table *t, const csv *c, int column, char *error)
{
    column_facts f;
    table_column *k = &t->columns[column];
    k->name = copy_of(c->names[column]);
    if (!k->name || look_at(c, column, &f)) return no_memory(error);
    k->kind = kind_of(&f, k->name, column, c->rows);
    free(f.sorted);
    return 0;
}

static int keep_words(table *t, const char *const *words)
{
    size_t n = 0, i;
    while (words && words[n]) n++;
    t->missing = (char **)calloc(n + 1, sizeof *t->missing);
    for (i = 0; t->missing && i < n; i++) if (!(t->missing[i] = copy_of(words[i]))) return 1;
    return !t->missing;
}

int table_plan(table *t, const csv *c, const table_options *o, char *error)
{
    int i, bad;
    memset(t, 0, sizeof *t);
    if (c->columns < 2)
        return fails(error, "one column only (%s between cells): a table has inputs and a target; --delimiter C says "
                     "what is between them", csv_delimiter_name(c->delimiter));
    t->header = c->header;
    t->delimiter = c->delimiter;
    t->decimal = c->decimal;
    t->count = (int)c->columns;
    t->columns = (table_column *)calloc(c->columns, sizeof *t->columns);
    bad = !t->columns || keep_words(t, o->missing) ? no_memory(error) : 0;
    for (i = 0; !bad && i < t->count; i++) bad = plan_column(t, c, i, error);
    bad = bad || ask_kinds(t, o->ignored, TABLE_ID, error);
    if (!bad) t->target = find_target(t, c, o->target);
    if (!bad && t->target < 0) bad = fails(error, "no column '%s'", o->target);
    bad = bad || ask_kinds(t, o->numbers, TABLE_NUMBER, error) || ask_kinds(t, o->categories, TABLE_CATEGORY, error)
       || plan_target(t, c, o, error);
    if (!bad) take_ids_if_needed(t, c);
    else table_free(t);
    return bad;
}

static void free_texts(char **texts, int n)
{
    int i;
    for (i = 0; texts && i < n; i++) free(texts[i]);
    free(texts);
}

void table_free(table *t)
{
    int i;
    for (i = 0; t->columns && i < t->count; i++) {
        free(t->columns[i].name);
        free_texts(t->columns[i].categories, t->columns[i].count);
    }
    for (i = 0; t->missing && t->missing[i]; i++) free(t->missing[i]);
    free(t->missing);
    free(t->columns);
    free_texts(t->classes, t->class_count);
    memset(t, 0, sizeof *t);
}

/* ---- what the training rows teach ---- */

static int bad_number(const csv *c, size_t row, int place, const char *name, char *error)
{
    const char *cell = cell_of(c, row, place);
    const int is_number = csv_number(cell, c->decimal, NULL), n = shown(cell);
    int used = snprintf(error, TABLE_ERROR, "line %lu, column %d (%.*s): '%.*s' where a number%s is expected",
                        (unsigned long)c->lines[row], place + 1, shown(name), name, n, cell,
                        is_number ? " below 1e30" : "");
    if (used > 0 && !cell[n] && used + 2 * 40 < TABLE_ERROR)
        snprintf(error + used, TABLE_ERROR - (size_t)used, " (--missing '%s' takes it for a missing cell)", cell);
    return 1;
}

/* 1 and a float that is finite; 0: missing; -1: not a number */
static int number_at(const csv *c, size_t row, int place, double *value)
{
    const char *cell = cell_of(c, row, place);
    if (!cell || csv_no_number(cell)) return 0;
    return csv_number(cell, c->decimal, value) && fabs(*value) < LARGEST ? 1 : -1;
}

/* More where there are rows enough for each, and for the inputs of all `numbers` columns; none for few rows. */
static int most_parts(size_t n, int numbers)
{
    if (n < SOME_ROWS) return 0;
    return n < MANY_ROWS || n < (size_t)numbers * (TABLE_PARTS + 1) ? FEW_PARTS : TABLE_PARTS;
}

/* Quantiles of the sorted values, as floats, so that text keeps them; each once. */
static void learn_parts(table_column *k, const double *sorted, size_t n, int parts)
{
    int i, knots = 0;
    for (i = 0; i <= parts && parts && n; i++) {
        const double value = (double)(float)sorted[(size_t)((double)(n - 1) * i / parts)];
        if (knots == 0 || value > k->knots[knots - 1]) k->knots[knots++] = value;
    }
    k->parts = knots > 2 ? knots - 1 : 0;
}

static int learn_number(table_column *k, const csv *c, int column, const size_t *rows, size_t n, int parts, char *error)
{
    double *values = (double *)malloc((n ? n : 1) * sizeof *values);
    size_t i, filled = 0;
    int found = 0;
    if (!values) return no_memory(error);
    for (i = 0; i < n && found >= 0; i++)
        if ((found = number_at(c, rows[i], column, &values[filled])) > 0) filled++;
    if (found < 0) { free(values); return bad_number(c, rows[i - 1], column, k->name, error); }
    qsort(values, filled, sizeof *values, by_value);
    k->median = filled ? (double)(float)values[filled / 2] : 0;
    k->missing = filled < n;
    learn_parts(k, values, filled, parts);
    k->inputs = 1 + k->missing + k->parts;
    free(values);
    return 0;
}

/* A text and how many rows have it. */
typedef struct { const char *text; size_t rows; } frequency;

/* the most frequent first; of equals, by text */
static int by_frequency(const void *a, const void *b)
{
    const frequency *x = (const frequency *)a, *y = (const frequency *)b;
    return x->rows != y->rows ? (x->rows < y->rows) - (x->rows > y->rows) : strcmp(x->text, y->text);
}

/* Different texts of these sorted cells, into `all`, the most frequent first; how many. */
static size_t count_texts(const char *const *cells, size_t n, frequency *all)
{
    size_t count = 0, i;
    for (i = 0; i < n; i++) {
        if (i == 0 || strcmp(cells[i], cells[i - 1])) { all[count].text = cells[i]; all[count++].rows = 0; }
        all[count - 1].rows++;
    }
    qsort(all, count, sizeof *all, by_frequency);
    return count;
}

/* Categories are the most frequent texts of RARE rows and more, as many as there is room for; the rest is `other`. */
static int learn_category(table_column *k, const csv *c, int column, const size_t *rows, size_t n, char *error)
{
    const size_t room = n && ROOM / n < MOST_CATEGORIES ? ROOM / n + 20 : MOST_CATEGORIES;
    const char **cells = (const char **)malloc((n ? n : 1) * sizeof *cells);
    frequency *all = (frequency *)malloc((n ? n : 1) * sizeof *all);
    size_t i, count = 0;
    free_texts(k->categories, k->count);
    k->count = k->other = 0;
    k->categories = (char **)calloc(room, sizeof *k->categories);
    if (cells && all) {
        for (i = 0; i < n; i++) cells[i] = cell_of(c, rows[i], column) ? cell_of(c, rows[i], column) : "";
        qsort(cells, n, sizeof *cells, by_text);
        count = count_texts(cells, n, all);
    }
    for (i = 0; k->categories && i < count && i < room && all[i].rows >= RARE; i++) {
        k->categories[i] = copy_of(all[i].text);
        if (!k->categories[i]) break;
        k->count++;
    }
    k->other = i < count;
    k->inputs = k->count + k->other;
    if (k->count) qsort(k->categories, (size_t)k->count, sizeof *k->categories, by_text);
    i = k->categories && cells && all && (i == count || i == room || all[i].rows < RARE);
    free(cells);
    free(all);
    return i ? 0 : no_memory(error);
}

static int learn_range(table *t, const csv *c, const size_t *rows, size_t n, char *error)
{
    float y;
    size_t i;
    t->low = FLT_MAX;
    t->high = -FLT_MAX;
    for (i = 0; i < n; i++) {
        if (!table_value(t, c, rows[i], &y)) continue;
        if ((double)y < t->low) t->low = (double)y;
        if ((double)y > t->high) t->high = (double)y;
    }
    return t->low <= t->high ? 0 : fails(error, "no row has a target");
}

int table_learn(table *t, const csv *c, const size_t *rows, size_t n, char *error)
{
    int i, numbers = 0, bad = t->classes ? 0 : learn_range(t, c, rows, n, error);
    t->inputs = 0;
    for (i = 0; i < t->count; i++) numbers += t->columns[i].kind == TABLE_NUMBER;
    for (i = 0; !bad && i < t->count; i++) {
        table_column *k = &t->columns[i];
        k->input = t->inputs;
        k->inputs = 0;
        if (k->kind == TABLE_NUMBER) bad = learn_number(k, c, i, rows, n, most_parts(n, numbers), error);
        if (k->kind == TABLE_CATEGORY) bad = learn_category(k, c, i, rows, n, error);
        t->inputs += k->inputs;
    }
    return bad || t->inputs ? bad : fails(error, "no column to predict '%s' from: all are ids or constant",
                                          t->columns[t->target].name);
}

/* ---- encoding ---- */

static void encode_category(const table_column *k, const char *cell, float *x, table_surprises *s)
{
    const char *text = cell ? cell : "";
    char **found = NULL;
    if (k->count) found = (char **)bsearch(&text, k->categories, (size_t)k->count, sizeof *k->categories, by_text);
    memset(x, 0, (size_t)k->inputs * sizeof *x);
    if (found) x[found - k->categories] = 1;
    else if (k->other) x[k->count] = 1;
    if (!found && s) { if (cell) s->unseen++; else s->missing++; }
}

static void encode_number(const table_column *k, int found, double value, float *x, table_surprises *s)
{
    int i;
    if (!found) value = k->median;
    *x++ = (float)value;
    if (k->missing) *x++ = (float)!found;
    else if (!found && s) s->missing++;
    if (k->parts && s) s->outside += (double)(float)value < k->knots[0] || (double)(float)value > k->knots[k->parts];
    for (i = 0; i < k->parts; i++) {
        const double up = (value - k->knots[i]) / (k->knots[i + 1] - k->knots[i]);
        *x++ = (float)(up < 0 ? 0 : up > 1 ? 1 : up);
    }
}

int table_encode(const table *t, const csv *c, const int *place, const size_t *rows, size_t n, float *x,
                 table_surprises *s, char *error)
{
    size_t i;
    int j;
    for (j = 0; j < t->count; j++) {
        const table_column *k = &t->columns[j];
        const int at = place ? place[j] : j;
        if (!k->inputs) continue;
        for (i = 0; i < n; i++) {
            const size_t row = rows ? rows[i] : i;
            float *to = x + i * (size_t)t->inputs + k->input;
            double value = 0;
            const int found = k->kind == TABLE_NUMBER ? number_at(c, row, at, &value) : 0;
            if (found < 0) return bad_number(c, row, at, k->name, error);
            if (k->kind == TABLE_NUMBER) encode_number(k, found, value, to, s ? &s[j] : NULL);
            else encode_category(k, cell_of(c, row, at), to, s ? &s[j] : NULL);
        }
    }
    return 0;
}

int table_class(const table *t, const csv *c, size_t row, int *label)
{
    const char *cell = cell_of(c, row, t->target);
    char **found;
    if (!cell || (t->class_numbers && !csv_number(cell, '.', NULL))) return 0;
    found = (char **)bsearch(&cell, t->classes, (size_t)t->class_count, sizeof *t->classes,
                             t->class_numbers ? by_number : by_text);
    if (found) *label = (int)(found - t->classes);
    return found != NULL;
}

int table_value(const table *t, const csv *c, size_t row, float *value)
{
    double y = 0;
    int found = number_at(c, row, t->target, &y);
    *value = (float)y;
    return found > 0;
}

/* ---- another file's columns ---- */

static int match_by_name(const table *t, const csv *c, int *place, char *error)
{
    int i;
    size_t j;
    for (i = 0; i < t->count; i++) {
        place[i] = -1;
        for (j = 0; j < c->columns; j++) if (!strcmp(t->columns[i].name, c->names[j])) place[i] = (int)j;
        if (place[i] < 0 && t->columns[i].inputs) return fails(error, "no column '%s'", t->columns[i].name);
    }
    return 0;
}

int table_match(const table *t, const csv *c, int *place, char *error)
{
    const int absent = (int)c->columns == t->count - 1;         /* the target is not there */
    int i;
    if (t->header && c->header) return match_by_name(t, c, place, error);
    if (!absent && (int)c->columns != t->count)
        return fails(error, "%lu columns where the model knows %d, the target among them", (unsigned long)c->columns,
                     t->count);
    for (i = 0; i < t->count; i++) place[i] = absent && i == t->target ? -1 : i - (absent && i > t->target);
    return 0;
}

/* ---- as text: fields with tabs between them; tab, line end and backslash within a field as \t \n \r \\ ---- */

typedef struct { char *text; size_t size, room; int failed; } builder;

static void put_char(builder *b, char c)
{
    if (b->size + 2 > b->room) {
        char *more = (char *)realloc(b->text, b->room = 2 * b->room + 64);
        if (!more) { free(b->text); b->text = NULL; b->room = b->size = 0; b->failed = 1; return; }
        b->text = more;
    }
    b->text[b->size++] = c;
    b->text[b->size] = 0;
}

static const char escaped[] = "\t\n\r\\", escapes[] = "tnr\\";

static void put_field(builder *b, const char *field)
{
    const char *found;
    if (b->size) put_char(b, '\t');
    for (; *field; field++) {
        found = strchr(escaped, *field);
        if (found) put_char(b, '\\');
        put_char(b, found ? escapes[found - escaped] : *field);
    }
}

static void put_texts(builder *b, char *const *texts, int n)
{
    int i;
    for (i = 0; i < n; i++) put_field(b, texts[i]);
}

static void put_number(builder *b, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.9g", value);
    put_field(b, text);
}

/* Hands over what was built under this key. */
static int hand_over(builder *b, const char *key, int (*set)(void *user, const char *key, const char *value),
                     void *user)
{
    int failed = b->failed || set(user, key, b->text ? b->text : "");
    free(b->text);
    memset(b, 0, sizeof *b);
    return failed;
}

static int save_column(const table_column *k, int place, int (*set)(void *, const char *, const char *), void *user)
{
    builder b = { NULL, 0, 0, 0 };
    char key[32];
    int i;
    put_field(&b, kind_names[k->kind]);
    put_field(&b, k->name);
    if (k->kind == TABLE_NUMBER) {
        put_number(&b, k->median);
        put_number(&b, k->missing);
        for (i = 0; k->parts && i <= k->parts; i++) put_number(&b, k->knots[i]);
    }
    if (k->kind == TABLE_CATEGORY) { put_number(&b, k->other); put_texts(&b, k->categories, k->count); }
    snprintf(key, sizeof key, "table.column.%d", place + 1);
    return hand_over(&b, key, set, user);
}

int table_save(const table *t, int (*set)(void *user, const char *key, const char *value), void *user)
{
    builder b = { NULL, 0, 0, 0 };
    char signs[4] = "";
    int i;
    put_number(&b, t->count);
    put_number(&b, t->header);
    if (hand_over(&b, "table.columns", set, user)) return 1;
    signs[0] = t->delimiter;
    signs[2] = t->decimal;
    put_field(&b, signs);
    put_field(&b, signs + 2);
    for (i = 0; t->missing && t->missing[i]; i++) put_field(&b, t->missing[i]);
    if (hand_over(&b, "table.reading", set, user)) return 1;
    if (t->classes) put_texts(&b, t->classes, t->class_count);
    else { put_number(&b, t->low); put_number(&b, t->high); }
    if (hand_over(&b, t->classes ? "table.classes" : "table.range", set, user)) return 1;
    for (i = 0; i < t->count; i++) if (save_column(&t->columns[i], i, set, user)) return 1;
    return 0;
}

/* The fields of a value, each in memory of its own; NULL without memory or value. */
static char **fields_of(const char *value, int *count)
{
    const char *p;
    char **fields, *to = NULL;
    int n = 1, i = 0;
    *count = 0;
    for (p = value; p && *p; p++) n += *p == '\t';
    fields = value ? (char **)calloc((size_t)n, sizeof *fields) : NULL;
    for (p = value; fields && i < n; p++) {
        if (!to) {
            to = fields[i] = (char *)malloc(strcspn(p, "\t") + 1);
            if (!to) break;
            *count = i + 1;
        }
        if (*p == '\t' || !*p) { *to = 0; to = NULL; i++; if (!*p) break; continue; }
        if (*p == '\\' && p[1] && strchr(escapes, p[1])) { *to++ = escaped[strchr(escapes, *++p) - escapes]; continue; }
        *to++ = *p;
    }
    if (fields && i < n) { free_texts(fields, n); fields = NULL; }
    return fields;
}

static double field_number(char *const *fields, int n, int i) { return i < n ? strtod(fields[i], NULL) : 0; }

/* The texts of fields from `first` on, which stay; the others go. NULL: they are not in order. */
static char **keep_fields(char **fields, int n, int first, int ordered)
{
    int i;
    for (i = first + 1; ordered && i < n; i++)
        if (strcmp(fields[i - 1], fields[i]) >= 0) return free_texts(fields, n), (char **)NULL;
    for (i = 0; i < first; i++) free(fields[i]);
    memmove(fields, fields + first, (size_t)(n - first) * sizeof *fields);
    return fields;
}

/* 0: fine */
static int load_number(table_column *k, char *const *f, int n)
{
    int i;
    k->median = (double)(float)field_number(f, n, 2);
    k->missing = field_number(f, n, 3) != 0;
    if (n > 4 && (n < 7 || n > 5 + TABLE_PARTS)) return 1;
    for (i = 4; i < n; i++) {
        k->knots[i - 4] = (double)(float)field_number(f, n, i);       /* nine digits are a float, no double */
        if (i > 4 && !(k->knots[i - 4] > k->knots[i - 5])) return 1;
    }
    k->parts = n > 4 ? n - 5 : 0;
    k->inputs = 1 + k->missing + k->parts;
    return 0;
}

/* 0: fine */
static int load_column(table *t, int place, const char *value)
{
    table_column *k = &t->columns[place];
    int n, kind, bad = 0;
    char **f = fields_of(value, &n);
    for (kind = 0; f && kind <= TABLE_TARGET && strcmp(f[0], kind_names[kind]);) kind++;
    if (!f || kind > TABLE_TARGET || n < (kind == TABLE_NUMBER ? 4 : kind == TABLE_CATEGORY ? 3 : 2))
        return free_texts(f, f ? n : 0), 1;
    k->kind = (table_kind)kind;
    k->name = copy_of(f[1]);
    k->input = t->inputs;
    if (kind == TABLE_NUMBER) bad = load_number(k, f, n);
    if (kind == TABLE_TARGET) t->target = place;
    if (kind == TABLE_CATEGORY) {
        k->other = field_number(f, n, 2) != 0;
        k->count = n - 3;
        k->inputs = k->count + k->other;
        k->categories = keep_fields(f, n, 3, 1);
        if (!k->categories) k->count = 0;
    } else free_texts(f, n);
    t->inputs += k->inputs;
    return bad || !k->name || (kind == TABLE_CATEGORY && !k->categories);
}

/* How the file was read; 0: fine */
static int load_reading(table *t, const char *value)
{
    int n;
    char **f = fields_of(value, &n);
    if (!f || n < 2) return free_texts(f, f ? n : 0), 1;
    t->delimiter = *f[0];
    t->decimal = *f[1];
    free(f[0]);
    free(f[1]);
    memmove(f, f + 2, (size_t)(n - 2) * sizeof *f);
    f[n - 2] = NULL;
    t->missing = f;
    return 0;
}

int table_load(table *t, const char *(*get)(void *user, const char *key), void *user, char *error)
{
    char **f, key[32];
    double columns;
    int n, i, bad;
    memset(t, 0, sizeof *t);
    t->target = -1;
    f = fields_of(get(user, "table.columns"), &n);
    if (!f) return fails(error, "the model says nothing about a table: it is not one of train_csv's");
    t->header = field_number(f, n, 1) != 0;
    columns = field_number(f, n, 0);
    free_texts(f, n);
    n = columns >= 2 && columns < 1e6 ? (int)columns : 0;
    bad = n == 0 || (t->columns = (table_column *)calloc((size_t)n, sizeof *t->columns)) == NULL
       || load_reading(t, get(user, "table.reading"));
    for (i = 0; !bad && i < n; i++) {
        t->count = i + 1;
        snprintf(key, sizeof key, "table.column.%d", i + 1);
        bad = load_column(t, i, get(user, key));
    }
    f = bad ? NULL : fields_of(get(user, "table.range"), &n);
    if (f) { t->low = field_number(f, n, 0); t->high = field_number(f, n, 1); free_texts(f, n); }
    else if (!bad) { t->classes = fields_of(get(user, "table.classes"), &t->class_count); bad = !t->classes; }
    if (!bad && t->target >= 0 && t->inputs > 0) return 0;
    table_free(t);
    return fails(error, "what the model says about its table is damaged");
}
