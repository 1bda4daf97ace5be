// Package results reads published election results, seals every number of them, checks their sums and compares their versions.
//
// Whatever its format, a publication becomes one Table of cells: integers
// under (election, contest, choice, unit, level, vote type, what is counted),
// in one order, so that two formats of one publication have one Merkle root
// (RFC 6962) and a single cell is proven without the rest. What cannot be read
// is reported with file, row and column, counted, and sealed as it stands.
//
// Check tests what adds up in honest files (I1 to I4, I6 to I8), Compare what
// changed between two versions (I5, silent change), History whether a number
// was ever published. A finding is hard only where honest files never break
// the rule; the rest is learned for each jurisdiction, or a notice. Each says
// what it means and what it does not.
//
// All this guards the publication. Whether ballots were counted as cast is
// shown by an audit of the paper, and who did what by neither.
package results
