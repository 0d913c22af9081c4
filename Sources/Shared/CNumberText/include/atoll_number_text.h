#pragma once

// What C knows about numbers and Swift does not: long doubles, and the text of numbers without a String. The locale is
// never set, so that the point is a point.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Room for a long double in plain decimal form, and the length that a text of one may have at most, less one.
#define ATOLL_LONG_DOUBLE_ROOM 5120

extern const uint64_t atoll_powers_of_ten[87];

/// The significand of 10^(8 * index - 348), normalised to 64 bits and rounded; the index is below 87.
static inline uint64_t atoll_power_of_ten_significand(int index) {
    return atoll_powers_of_ten[index];
}

/// 10^exponent for exponents from 0 to 22, all of which are exact.
static inline double atoll_exact_power_of_ten(int exponent) {
    static const double powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return powers[exponent];
}

/// strtod of the whole text, which a zero byte must follow: no space in front, nothing behind, no overflow, no
/// underflow to zero, no NaN.
double atoll_parse_double(const char *text, size_t length, bool *is_valid);

/// strtod of the text up to its zero byte: spaces in front are allowed, empty is 0, overflow is infinite; no NaN.
double atoll_parse_double_loosely(const char *text, bool *is_valid);

enum atoll_number_class { atoll_number_invalid, atoll_number_finite, atoll_number_infinite };

/// What the text is as a long double.
enum atoll_number_class atoll_classify_long_double(const char *text, size_t length);

/// Adds two texts as long doubles; writes 17 decimals, without zeros at their end, and returns the length. 0 if a text
/// is no number, or the sum not finite. `out` has ATOLL_LONG_DOUBLE_ROOM bytes.
int atoll_sum_long_doubles(const char *first, size_t first_length, const char *second, size_t second_length, char *out);

/// The same form for a double.
int atoll_write_plain_double(double value, char *out);

/// "%.17g"; `out` has 40 bytes.
int atoll_write_general_double(double value, char *out);
