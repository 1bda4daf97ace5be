// Package rule checks and runs the rules that parties share or load: Sigma rules and STIX patterns, over parsed events.
//
// A shared rule is an item of an indicator list. Check says whether it could be
// run here, before it is sent and when it comes in; whether it may run is for
// the border's gate and a person to say. A Set is the rules that may run, with a
// report on each; an Engine runs it over events, with bounded memory for each source.
package rule
