// Package entente is the repository's test of itself: which package may import
// which, that every package says what it is, that ARCHITECTURE.md is its true
// map, and that files, functions and documents stay readable and true.
package entente
