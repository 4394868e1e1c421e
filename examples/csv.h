/* Tables in text as people have them: , ; tab or | between the cells, with or without a header, quotes, decimal
   points or commas, any line end, UTF-8 (with a mark or not) or Windows-1252 and with it Latin-1. Reads a whole file;
   every string is UTF-8. */
#ifndef CSV_H
#define CSV_H

#include <stddef.h>

typedef struct {
    char delimiter, decimal;            /* as found */
    int header;                         /* non-zero: the first record has the names */
    size_t rows, columns;
    char **names;                       /* columns, all different; "column 3" where the file has none */
    char **cells;                       /* rows x columns, row by row; blanks around them cut off; NULL: missing */
    size_t *lines;                      /* rows: where each begins in the file, from 1 */
    char *text;                         /* holds all cells */
} csv;

typedef struct {
    char delimiter, decimal;            /* 0: found */
    int header;                         /* 1: there is one, -1: there is none, 0: found */
    const char *const *missing;         /* further words for a cell that is missing, to NULL; or NULL */
    /* of another table of this kind, if there is one: its names, NULL without a header, how many columns it has, and
       what stood between its cells and in its numbers, which is taken where the file itself does not tell */
    char *const *names;
    size_t name_count;
    char like_delimiter, like_decimal;
} csv_options;

/* Reads a file, "-" for stdin. 0, or 1 with the reason in error; csv_free is needed after 0 only. */
int csv_read(csv *, const char *path, const csv_options *, char *error, size_t error_size);
void csv_free(csv *);

/* 1: the cell is a number, and *value (may be NULL) what it is; else 0. Of point and comma the one that is not the
   decimal sign groups thousands, and so do blanks and apostrophes; signs of money and per cent may stand around it,
   and brackets for a minus. */
int csv_number(const char *cell, char decimal, double *value);

/* Whether a cell of numbers says that there is none: -, ., none. In a column of texts it is a text. */
int csv_no_number(const char *cell);

/* Writes a cell so that csv_read reads it again: in quotes where it has to be. */
void csv_write(void *file, const char *cell, char delimiter);

/* The sign that an option's value stands for: "tab" and \t are a tab, else it is one character, of `allowed` or, where
   that is NULL, any but those that no table has between its cells. 0: neither */
char csv_sign(const char *value, const char *allowed);

/* What a delimiter is called. */
const char *csv_delimiter_name(char delimiter);

#endif
