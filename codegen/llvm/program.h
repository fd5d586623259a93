/* What every program around one function of a module needs: its command line, and numbers as text. It is
   included in the program itself. */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cli_program {
  const char *arguments; /* for the usage message */
  const char *details;
  int count;             /* how many arguments there are */
  int parameters;        /* how many live parameters there are, their names, what each may be, their values */
  const char *const *names;
  const char *const *allowed;
  int32_t *values;
  int (*set)(const int32_t *values);
};

static inline int cli_usage(const struct cli_program *program, const char *name, int status) {
  FILE *stream = status ? stderr : stdout;
  fprintf(stream, "usage: %s%s\n%s", name, program->arguments, program->details);
  return fflush(stream) ? 1 : status;
}

/* Whether a text is an integer within bounds; *value is what it stands for. */
static inline bool cli_is_integer(const char *text, int64_t low, int64_t high, int64_t *value) {
  char *end;
  errno = 0;
  *value = strtoll(text, &end, 0);
  return end != text && !*end && !errno && *value >= low && *value <= high;
}

static inline bool cli_is_natural(const char *text, uint64_t high, uint64_t *value) {
  char *end;
  errno = 0;
  *value = strtoull(text, &end, 0);
  /* strtoull takes negative numbers, and wraps them. */
  return end != text && !*end && !errno && *value <= high && !strchr(text, '-');
}

/* Whether a text is an integer of 64 bits, signed or not. */
static inline bool cli_is_word(const char *text, int64_t *value) {
  uint64_t natural;
  if (cli_is_integer(text, INT64_MIN, INT64_MAX, value))
    return true;
  if (!cli_is_natural(text, UINT64_MAX, &natural))
    return false;
  *value = (int64_t)natural;
  return true;
}

static inline bool cli_is_truth(const char *text, bool *value) {
  *value = !strcmp(text, "true") || !strcmp(text, "1");
  return *value || !strcmp(text, "false") || !strcmp(text, "0");
}

/* Numbers that are too large are infinite. */
static inline bool cli_is_float(const char *text, float *value) {
  char *end;
  *value = strtof(text, &end);
  return end != text && !*end;
}

static inline bool cli_is_double(const char *text, double *value) {
  char *end;
  *value = strtod(text, &end);
  return end != text && !*end;
}

/* Two numbers with a comma between them, or a real one. */
static inline bool cli_is_complex(const char *text, double *re, double *im) {
  char *end;
  *re = strtod(text, &end);
  *im = 0;
  return end != text && (!*end || (*end == ',' && cli_is_double(end + 1, im)));
}

static inline bool cli_is_complex_float(const char *text, float *re, float *im) {
  char *end;
  *re = strtof(text, &end);
  *im = 0;
  return end != text && (!*end || (*end == ',' && cli_is_float(end + 1, im)));
}

/* A number of 16 bits, rounded to the nearest, ties to even; so many of its bits are the fraction. */
static inline uint16_t cli_shortened(double value, int fraction) {
  int exponent = 15 - fraction, bias = (1 << (exponent - 1)) - 1, scale;
  uint32_t infinite = ((1u << exponent) - 1) << fraction, sign = signbit(value) ? 0x8000 : 0;
  if (isnan(value))
    return (uint16_t)(sign | infinite | 1u << (fraction - 1));
  value = fabs(value);
  if (isinf(value) || value == 0)
    return (uint16_t)(sign | (value == 0 ? 0 : infinite));
  frexp(value, &scale);
  /* The exponent of the last bit but the fraction; that of the least normal number for all below. */
  scale = scale - 1 < 1 - bias ? 1 - bias : scale - 1;
  if (scale > bias)
    return (uint16_t)(sign | infinite);
  uint32_t units = (uint32_t)nearbyint(ldexp(value, fraction - scale));
  return (uint16_t)(sign | (units + ((uint32_t)(scale + bias - 1) << fraction)));
}

static inline double cli_lengthened(uint16_t bits, int fraction) {
  int exponent = 15 - fraction, bias = (1 << (exponent - 1)) - 1;
  int held = (bits & 0x7fff) >> fraction;
  double part = bits & ((1 << fraction) - 1), value;
  if (held == (1 << exponent) - 1)
    value = part != 0 ? NAN : INFINITY;
  else if (held == 0)
    value = ldexp(part, 1 - bias - fraction);
  else
    value = ldexp(part + (1 << fraction), held - bias - fraction);
  return bits & 0x8000 ? -value : value;
}

static inline int cli_refuse(const char *name, const char *text, const char *wanted) {
  fprintf(stderr, "%s: '%s' is not %s\n", name, text, wanted);
  return 2;
}

static inline void cli_print_number(double value, int digits) {
  if (isnan(value))
    printf("nan");
  else
    printf("%.*g", digits, value);
}

/* The status with which the program ends, once all has been printed. */
static inline int cli_finish(int status) {
  if (fflush(stdout) || ferror(stdout)) {
    perror("standard output");
    return 1;
  }
  return status;
}

static inline int cli_set_parameter(const struct cli_program *program, const char *text) {
  /* Names may hold an equals sign, values cannot. */
  const char *equals = strrchr(text, '=');
  int64_t value;
  int index;
  if (!equals || !cli_is_integer(equals + 1, INT32_MIN, INT32_MAX, &value)) {
    fprintf(stderr, "--set: '%s' is not of the form NAME=INTEGER\n", text);
    return 2;
  }
  for (index = 0; index < program->parameters; ++index) {
    size_t length = strlen(program->names[index]);
    if (length == (size_t)(equals - text) && !memcmp(program->names[index], text, length)) {
      program->values[index] = (int32_t)value;
      return -1;
    }
  }
  fprintf(stderr, "--set: there is no parameter '%.*s'; --help lists them\n", (int)(equals - text), text);
  return 2;
}

/* Reads the command line; the status to end with, or -1 to go on. */
static inline int cli_read_command_line(const struct cli_program *program, int argc, char **argv, const char **texts) {
  int given = 0, index, status;
  bool options = true;
  for (index = 1; index < argc; ++index) {
    const char *text = argv[index];
    if (options && !strcmp(text, "--help"))
      return cli_usage(program, argv[0], 0);
    if (options && !strcmp(text, "--")) {
      options = false;
      continue;
    }
    if (options && program->parameters && !strncmp(text, "--set", 5) && (!text[5] || text[5] == '=')) {
      if (!text[5] && ++index == argc) {
        fprintf(stderr, "--set needs NAME=INTEGER\n");
        return 2;
      }
      status = cli_set_parameter(program, text[5] ? text + 6 : argv[index]);
      if (status >= 0)
        return status;
      continue;
    }
    if (given == program->count) {
      fprintf(stderr, "there is one argument too many: '%s'\n", text);
      return cli_usage(program, argv[0], 2);
    }
    texts[given++] = text;
  }
  if (given < program->count) {
    fprintf(stderr, "%d of %d arguments are missing\n", program->count - given, program->count);
    return cli_usage(program, argv[0], 2);
  }
  index = program->parameters ? program->set(program->values) : 0;
  if (index) {
    fprintf(stderr, "--set: %s cannot be %" PRId32 " here; it may be %s\n", program->names[index - 1],
            program->values[index - 1], program->allowed[index - 1]);
    return 2;
  }
  return -1;
}
