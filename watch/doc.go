// Package watch turns parsed log lines and a set of indicators into hits that explain themselves, and accounts for every line.
//
// A Matcher looks up each observable of an event in an indicator.Set and reports at most one Hit for each
// pair of line and indicator, in a fixed order. A hit by an active indicator is an Alert; one by a held
// indicator, which the border's gate keeps back until a person accepts it, is only counted. A Ledger says
// of one source how many lines were read, and that each of them was matched, clean, unparsed or dropped.
//
// The package is pure: what it needs to know of indicators, of files and of time is handed in.
package watch
