/* Makes one break of tests/breaks.txt: break breaks.txt NAME mlp.h > broken mlp.h. break breaks.txt prints all names,
   break breaks.txt NAME test the test that must notice.
   In the list a break is
     == name: what is wrong
     test: the name of the test that must fail
     - old text
     + new text
   with more pairs where more than one place changes; a text may go on in further lines with the same sign, and "+" may
   be left out where nothing comes in its place. Each old text must occur exactly once in the file; any run of white
   space is like any other.
   Exit status: 0; 3 when an old text is not found or found twice; 2 for all else. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text;                          /* of the header, changed place by place */

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n = 0, room = 1 << 20;
    char *p = (char *)malloc(room);
    if (!f || !p) { perror(path); exit(2); }
    for (;;) {
        n += fread(p + n, 1, room - n - 1, f);
        if (n < room - 1) break;
        if (!(p = (char *)realloc(p, room *= 2))) exit(2);
    }
    p[n] = 0;
    fclose(f);
    return p;
}

/* the end of `old` at p, where white space is any white space, or NULL */
static const char *match(const char *p, const char *old)
{
    for (; *old; ) {
        if (isspace((unsigned char)*old)) {
            if (!isspace((unsigned char)*p)) return NULL;
            while (isspace((unsigned char)*old)) old++;
            while (isspace((unsigned char)*p)) p++;
        } else if (*p++ != *old++) return NULL;
    }
    return p;
}

static void replace(const char *old, const char *now)
{
    const char *p, *end = NULL, *at = NULL, *e;
    int found = 0;
    char *changed;
    for (p = text; *p; p++)
        if ((e = match(p, old)) != NULL) { at = p; end = e; found++; }
    if (found != 1) {
        fprintf(stderr, "%s: %s\n", found ? "its text is there more than once" : "does not find its text", old);
        exit(3);
    }
    changed = (char *)malloc(strlen(text) + strlen(now) + 1);
    if (!changed) exit(2);
    sprintf(changed, "%.*s%s%s", (int)(at - text), text, now, end);
    free(text);
    text = changed;
}

int main(int argc, char **argv)
{
    char *line, *next, *list = argc > 1 ? read_file(argv[1]) : NULL, old[4096] = "", now[4096] = "";
    const int asks = argc == 4 && strcmp(argv[3], "test") == 0;
    int here = 0, found = 0;
    if (!list || (argc != 2 && argc != 4)) return 2;
    if (argc == 4 && !asks) text = read_file(argv[3]);
    for (line = list; *line; line = next) {
        size_t n = strcspn(line, "\n");
        next = line + n + (line[n] != 0);
        line[n] = 0;
        if (argc == 2) {
            if (strncmp(line, "== ", 3) == 0) printf("%.*s\n", (int)strcspn(line + 3, ":"), line + 3);
            continue;
        }
        if (*line != '+' && *old && (*line != '-' || *now)) { replace(old, now + (*now != 0)); *old = *now = 0; }
        if (strncmp(line, "== ", 3) == 0) {
            n = strcspn(line + 3, ":");
            here = n == strlen(argv[2]) && strncmp(line + 3, argv[2], n) == 0;
            found |= here;
        } else if (here && asks && strncmp(line, "test: ", 6) == 0) {
            return puts(line + 6) == EOF;
        } else if (here && !asks && (*line == '-' || *line == '+')) {
            char *to = *line == '-' ? old : now;
            if (strlen(to) + strlen(line) + 2 > sizeof old) return 2;
            if (*line == '+' && !*to) strcat(to, " ");
            else if (*to) strcat(to, "\n");
            strcat(to, line + 1 + strspn(line + 1, " "));
        }
    }
    if (argc == 2) return 0;
    if (*old) replace(old, now + (*now != 0));
    if (!found) { fprintf(stderr, "no break %s\n", argv[2]); return 2; }
    fputs(text, stdout);
    return ferror(stdout) != 0;
}
