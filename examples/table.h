/* From the cells of a table to the inputs and targets of a net: which column is what, what stands for a missing cell,
   which input belongs to which category. All of it can be written as text and read again, so that new tables are
   understood as the old one. */
#ifndef TABLE_H
#define TABLE_H

#include "csv.h"

typedef enum { TABLE_NUMBER, TABLE_CATEGORY, TABLE_ID, TABLE_CONSTANT, TABLE_TARGET } table_kind;

enum { TABLE_PARTS = 32, TABLE_ERROR = 400 };

typedef struct {
    char *name;
    table_kind kind;
    int asked;                          /* the kind is the user's wish */
    double median;                      /* number: for a missing cell */
    int missing;                        /* number: one more input says that a cell is missing */
    /* number: quantiles; between two of them lies a part, and an input says how far up it the number is, 0 below, 1
       above. parts 0: too few different numbers, or rows */
    double knots[TABLE_PARTS + 1];
    int parts;
    char **categories;                  /* category: an input each, in the order of strcmp; "": missing */
    int count;
    int other;                          /* category: one more input for rare ones, and for those never seen */
    int input, inputs;                  /* its inputs */
} table_column;

typedef struct {
    table_column *columns;
    int count, target;                  /* columns; which of them is the target, from 0 */
    int header;                         /* names are those of the file */
    char **classes;                     /* NULL: regression */
    int class_count;
    int class_numbers;                  /* all classes are numbers: "1.0" is class "1" */
    double low, high;                   /* of the target in training: predictions stay within */
    int inputs;
    char delimiter, decimal;            /* of the file */
    char **missing;                     /* the user's words for a cell that is missing, to NULL */
} table;

typedef struct {
    const char *target, *task;          /* a name or a place from 1; "classification" or "regression"; NULL: found */
    /* names or places of columns that are so, each list to NULL */
    const char *const *numbers, *const *categories, *const *ignored;
    const char *const *missing;         /* as in csv_options */
} table_options;

/* What was met in encoding that training did not have. */
typedef struct { size_t unseen, missing, outside; } table_surprises;      /* outside: of the numbers it had */

/* All return 0, or 1 with the reason in error. table_free is needed after 0 only. plan: kinds, target, task, classes;
   learn: medians, parts, categories, range. */
int table_plan(table *, const csv *, const table_options *, char *error);
int table_learn(table *, const csv *, const size_t *rows, size_t n, char *error);
void table_free(table *);

/* place[column]: where a column of the table is in the file, -1 where it is not, by name or else by order. Only what
   is no input may be absent. */
int table_match(const table *, const csv *, int *place, char *error);

/* x: n x inputs; surprises: one for each column, counted up, or NULL. rows NULL: 0 .. n-1. place NULL: as planned. */
int table_encode(const table *, const csv *, const int *place, const size_t *rows, size_t n, float *x,
                 table_surprises *, char *error);

/* The target of a row: 1 when there is one, 0 when it is missing; a class or a number. */
int table_class(const table *, const csv *, size_t row, int *label);
int table_value(const table *, const csv *, size_t row, float *value);

/* As texts with keys: set returns 0 when it took one, get NULL for an unknown key. */
int table_save(const table *, int (*set)(void *user, const char *key, const char *value), void *user);
int table_load(table *, const char *(*get)(void *user, const char *key), void *user, char *error);

#endif
