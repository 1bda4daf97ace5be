// Package sigma runs Sigma 2.1 rules on our events: detection rules, global filters and correlations, with a report on every rule.
//
// Load turns rule files into a Set and a Report that says of each document whether it is loaded, refused with
// the construct, or can never match what we read. A Matcher judges single events; a Watch adds the
// correlations, in event time. Rules are prepared per dataset and woken by one text that they require, so
// an event costs little more than one pass over its fields.
//
// Deliberate readings where the specification leaves room: an event's field may have several values, and a
// test holds if one of them passes it; our events keep no empty values, so an empty text holds for a missing field too;
// neq is the negation of the same item without it; keywords are looked for in every field and in the line.
//
// The package is pure. Source: SigmaHQ/sigma-specification, version 2.1.0.
package sigma
