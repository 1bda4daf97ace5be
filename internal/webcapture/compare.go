package webcapture

import "slices"

// The outcomes of a comparison.
const (
	Same    = "same"    // the page's bytes are equal
	Similar = "similar" // its text is equal, its bytes are not
	Changed = "changed" // its text differs
	Gone    = "gone"    // the later answer is the first to say that there is no such page
	Moved   = "moved"   // the later capture ended at another address
	Unread  = "unread"  // bytes differ, and they are no text
)

// Change says what became of a page between two captures.
type Change struct {
	Outcome string
	Added   []string // lines of text that only the later one has, in order
	Deleted []string // lines that only the earlier one has
	Status  int      // of the later answer
}

// Compare compares what a reader of the page sees. Two parties' captures of one
// page within minutes are compared in the same way.
func Compare(earlier, later Capture) Change {
	a, b := earlier.Exchanges[earlier.Page], later.Exchanges[later.Page]
	c := Change{Status: b.Status}
	before, after := a.lines(), b.lines()
	c.Deleted, c.Added = diff(before, after)
	switch {
	case missing(b.Status) && !missing(a.Status):
		c.Outcome, c.Added = Gone, nil
	case earlier.Final != later.Final:
		c.Outcome = Moved
	case a.Status == b.Status && string(a.Body) == string(b.Body):
		c.Outcome = Same
	case len(c.Added)+len(c.Deleted) > 0:
		c.Outcome = Changed
	case before == nil && after == nil:
		c.Outcome = Unread
	default:
		c.Outcome = Similar
	}
	return c
}

func missing(status int) bool { return status == 404 || status == 410 }

// diff returns the lines that only a, and only b has: equal ends are cut off,
// and what is between compared by its longest common subsequence where that is
// cheap, else as bags of lines.
func diff(a, b []string) (onlyA, onlyB []string) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a)*len(b) > 4_000_000 {
		return without(a, b), without(b, a)
	}
	wide := len(b) + 1
	common := make([]int32, (len(a)+1)*wide) // one row for each line of a, and an empty one
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i*wide+j] = common[(i+1)*wide+j+1] + 1
			} else {
				common[i*wide+j] = max(common[(i+1)*wide+j], common[i*wide+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			i, j = i+1, j+1
		case common[(i+1)*wide+j] >= common[i*wide+j+1]:
			onlyA, i = append(onlyA, a[i]), i+1
		default:
			onlyB, j = append(onlyB, b[j]), j+1
		}
	}
	return append(onlyA, a[i:]...), append(onlyB, b[j:]...)
}

// without returns the lines of a beyond those that b has, counting repeats.
func without(a, b []string) []string {
	left := make(map[string]int)
	for _, l := range b {
		left[l]++
	}
	return slices.DeleteFunc(slices.Clone(a), func(l string) bool {
		left[l]--
		return left[l] >= 0
	})
}
