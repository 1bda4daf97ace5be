// Package audit is the arithmetic of risk-limiting audits: how many ballots to look at, which ones, and what they show.
//
// A risk-limiting audit looks at paper ballots drawn by chance and stops only
// when the chance to stop although the announced outcome is wrong is below a
// limit. Polling (BRAVO) needs ballots alone; Comparison (super-simple) needs
// the machine's record of each ballot too; an Assorter turns any social choice
// function into a mean, and Alpha tests that mean.
//
// Everything that two sides must agree on to the last digit (draws, seeds,
// risks, sizes of comparisons) is computed by exact arithmetic: no rounding
// depends on a processor. Sizes that only plan a polling audit are floating
// point, and say so. Seed and draws come from public dice and from what each
// side committed to before, so that nobody chooses the ballots.
//
// An audit shows whether the count agrees with the paper. It shows nothing
// about custody of the paper, about who may vote, or about who did what.
package audit
