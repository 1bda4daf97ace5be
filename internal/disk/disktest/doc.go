// Package disktest is a simulated disk for crash tests: torn, reordered and lost writes, failing operations, lying memory and flipped bits, all decided by one seed.
//
// A test writes through a Disk, lets it die at a chosen operation (Plan), and
// goes on with what Crash says has survived. Every decision comes from the
// generator that New was given, so a seed is a whole history.
package disktest
