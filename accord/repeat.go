package accord

import (
	"bytes"
	"hash/maphash"
	"slices"

	"entente/statement"
)

// findRepeats links each statement with the one before it in its log that says
// the very same act. Officers sign an act and not its place in the log: whoever
// holds their signatures could say it again, alone, after they took it back.
func (r *Record) findRepeats() {
	r.repeats = map[int32]int32{}
	var h maphash.Hash
	for _, x := range r.logs {
		last := make(map[uint64]int32, len(x.place))
		for _, p := range x.place {
			if r.said[p].body == nil || len(r.said[p].Approvals) == 0 {
				continue
			}
			sum := hashAct(&h, &r.said[p].Act)
			if q, ok := last[sum]; ok && sameAct(&r.said[p].Act, &r.said[q].Act) {
				r.repeats[p] = q
			}
			last[sum] = p
		}
	}
}

func hashAct(h *maphash.Hash, a *statement.Act) uint64 {
	h.Reset()
	for _, s := range []string{string(a.Kind), a.Case, a.Marking} {
		_, _ = h.WriteString(s) // it never fails
		_ = h.WriteByte(0)
	}
	for _, ref := range a.Refs {
		_, _ = h.Write(ref.ID[:])
	}
	_, _ = h.Write(a.Body)
	return h.Sum64()
}

func sameAct(a, b *statement.Act) bool {
	return a.Kind == b.Kind && a.Case == b.Case && a.Marking == b.Marking && slices.Equal(a.Refs, b.Refs) && slices.Equal(a.Recipients, b.Recipients) && bytes.Equal(a.Body, b.Body)
}

// replays reports whether a statement that needs more than one officer says what
// enough officers let be said before: that was signed for once. Whoever means
// it again says it in other words.
func (r *Record) replays(p int32, rules *Rules) bool {
	q, again := r.repeats[p]
	if !again || r.power(rules, r.powerName(&r.said[p])).Officers < 2 {
		return false
	}
	for ; again; q, again = r.repeats[q] {
		if r.hasPower(q, r.rulesFor(q)) {
			return true
		}
	}
	return false
}

// replaysList is replays for an officers list.
func (r *Record) replaysList(party string, p int32) bool {
	for q, again := r.repeats[p]; again; q, again = r.repeats[q] {
		// What repeats an act that counts is enough: a flood of one act is not walked through again for each.
		if n, ok := r.listNo[q]; ok && slices.Contains([]Label{LabelNone, LabelContested, LabelRepeated}, r.lists[party][n].label) {
			return true
		}
	}
	return false
}
