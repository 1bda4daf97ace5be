package accord

import (
	"slices"
	"strings"
)

// Change is one line of a text beside an earlier one: what is new, gone or kept.
type Change struct {
	Op   string // "+", "-", " "
	Line string
}

// maxCompared bounds what two texts may cost to compare, in pairs of lines.
const maxCompared = 4_000_000

// Changes compares two texts line by line. Texts of too many lines count as
// replaced as a whole.
func Changes(before, after string) []Change {
	a, b := lines(before), lines(after)
	var out []Change
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		out, a, b = append(out, Change{" ", a[0]}), a[1:], b[1:]
	}
	var end []Change
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		end, a, b = append(end, Change{" ", a[len(a)-1]}), a[:len(a)-1], b[:len(b)-1]
	}
	slices.Reverse(end)
	return append(append(out, middle(a, b)...), end...)
}

// middle is the shortest way from a to b by the longest common subsequence.
func middle(a, b []string) []Change {
	var out []Change
	if len(a)*len(b) > maxCompared {
		a, b, out = nil, nil, replaced(a, b)
	}
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, Change{" ", a[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			out = append(out, Change{"-", a[i]})
			i++
		default:
			out = append(out, Change{"+", b[j]})
			j++
		}
	}
	return append(out, replaced(a[i:], b[j:])...)
}

func replaced(a, b []string) []Change {
	var out []Change
	for _, s := range a {
		out = append(out, Change{"-", s})
	}
	for _, s := range b {
		out = append(out, Change{"+", s})
	}
	return out
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}
