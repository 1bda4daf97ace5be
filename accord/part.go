package accord

import (
	"strconv"
	"strings"
)

// SplitPart reads the name of a part of a statement, as in "item/3": which of
// clause, item, judgement, row, hypothesis, commitment; and its number from 1.
func SplitPart(s string) (name string, no int, err error) {
	name, digits, ok := strings.Cut(s, "/")
	no, bad := strconv.Atoi(digits)
	if !ok || bad != nil || no < 1 || no > 10_000 || strconv.Itoa(no) != digits {
		return "", 0, refuse("part %.40q, want one such as item/3", s)
	}
	return name, no, one("part", name, "clause", "item", "judgement", "row", "hypothesis", "commitment")
}

// PartName is the name of a numbered part, as in "item/3".
func PartName(name string, no int) string { return name + "/" + strconv.Itoa(no) }
