// Package detect finds in events what a Sigma rule cannot say: grammar, ratios, baselines, walks through numbers, patience, and whom a mail pretends to be from.
//
// Some detections judge an event alone. The others look at requests in the order of their
// times: requests wait until none earlier may come within a lateness, so that the
// findings are the same in whatever order lines arrive. What is remembered is
// bounded, and what a bound forgets is counted.
package detect
