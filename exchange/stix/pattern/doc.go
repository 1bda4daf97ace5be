// Package pattern reads, prints and evaluates STIX 2.1 patterns: whole grammar, bounded cost, over bundles and over live events.
//
// # Reading
//
// Parse takes a pattern (STIX 2.1, section 9; grammar STIXPattern.g4 of OASIS) and refuses with line, column and
// byte what is not one, and what would cost too much: every limit is computed from the text, before anything is
// evaluated. Pattern.String prints the canonical spelling, which parses to the same pattern.
//
// # What comparisons mean (section 9.6)
//
//   - Numbers compare by value, an integer with a fraction too. Strings compare by code point, without any
//     normalisation; LIKE and MATCHES compare in the normalisation form C, literal and value alike.
//   - Binary and hexadecimal values (literals, and properties that end in _bin or _hex) compare as bytes. Against
//     a string, each code point up to U+00FF stands for one byte; a string with any other is unequal.
//   - A timestamp literal compares as an instant, to any number of digits, with a property that is written as a
//     STIX timestamp.
//   - Between values of different types "=" and IN are false, "!=" is true, and an order is false either way. NOT
//     turns the result of its comparison around.
//   - A path that leads nowhere makes its comparison false, negated or not; only NOT EXISTS is then true. Where a
//     path leads to several values ([*]), one that satisfies the comparison is enough.
//   - Comparisons joined by AND hold of one object; those of different object types, of objects of one
//     observation.
//   - LIKE matches the whole value, % any characters (line feeds too), _ one character.
//   - MATCHES finds its expression anywhere in the value. It is RE2 (package regexp) with "." meaning any character
//     (DOTALL). PCRE's back-references, look-around, atomic groups, possessive quantifiers, conditionals, recursion,
//     callouts and \G, \R, \X, \K are refused (E_PATTERN_REGEXP): no engine runs them in linear time.
//
// # What observations mean (section 9.5)
//
// An observation stands for number_observed sightings between first_observed and last_observed, each of which
// serves one observation expression. AND and FOLLOWEDBY need different ones, a REPEATS n TIMES is a AND a AND ...,
// nothing after FOLLOWEDBY is earlier than anything before it, WITHIN n holds if latest and earliest are less than
// n seconds apart, START a STOP b means from a, before b. Where an observation lasts, it is enough
// that one instant of it fits each condition.
//
// # Evaluating
//
// Pattern.Match answers for a list of observations. A Matcher keeps a set of patterns, takes observations one by
// one and remembers only what a pattern may still need, under limits of number, bytes and time: see Matcher.
// Both find the same, as long as the limits drop nothing, and both count what they drop.
package pattern
