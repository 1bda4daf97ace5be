package accord

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// addJudgements takes each party's last judgement of every hypothesis and
// question about it. Attempt, success and effect are three questions.
func (r *Record) addJudgements(q *Question, said []Said) {
	views := map[[2]string]*JudgementView{}
	for _, s := range said {
		a, _ := Body[Assessment](r, s.Ref)
		for i, j := range a.Judgements {
			if !slices.ContainsFunc(q.Hypotheses, func(h HypothesisView) bool { return h.ID == j.Hypothesis }) {
				q.Left = append(q.Left, LeftOut{Ref: s.Ref, Party: s.Party, Part: PartName("judgement", i+1), Why: LeftUnknown})
				continue
			}
			v := views[[2]string{j.Hypothesis, j.About}]
			if v == nil {
				v = &JudgementView{Hypothesis: j.Hypothesis, About: j.About}
				views[[2]string{j.Hypothesis, j.About}] = v
			}
			p := PartyJudgement{Party: s.Party, Ref: s.Ref, Judgement: j}
			for _, d := range a.Dissents {
				if d.Hypothesis == j.Hypothesis {
					p.Dissents = append(p.Dissents, d)
				}
			}
			v.By = slices.DeleteFunc(v.By, func(o PartyJudgement) bool { return o.Party == s.Party })
			v.By = append(v.By, p)
		}
	}
	for _, v := range views {
		slices.SortFunc(v.By, func(a, b PartyJudgement) int { return strings.Compare(a.Party, b.Party) })
		v.Joint = r.jointWord(v.By)
		q.Views = append(q.Views, *v)
	}
	place := func(id string) int {
		return slices.IndexFunc(q.Hypotheses, func(h HypothesisView) bool { return h.ID == id })
	}
	slices.SortFunc(q.Views, func(a, b JudgementView) int {
		return cmp.Or(cmp.Compare(place(a.Hypothesis), place(b.Hypothesis)), strings.Compare(a.About, b.About))
	})
}

// jointWord is the likelihood that every party of the charter signed, if all
// signed the same. Observers judge beside them.
func (r *Record) jointWord(by []PartyJudgement) string {
	members := r.members()
	word, n := "", 0
	for _, p := range by {
		if !slices.Contains(members, p.Party) {
			continue
		}
		if n > 0 && p.Likelihood != word {
			return ""
		}
		word = p.Likelihood
		n++
	}
	if n < 2 || n < len(members) {
		return ""
	}
	return word
}

// JudgementText says in two sentences how likely the party holds something to
// be, and how sure it is of that (ICD 203: never in one).
func JudgementText(l Lexicon, p PartyJudgement) (likelihood, confidence string) {
	word, _ := LikelihoodWord(l.Lang, p.Likelihood)
	if p.Likelihood == CannotJudge {
		return l.Say("accord.judgement.none", "party", p.Party, "about", l.Say("accord.about."+p.About)), ""
	}
	return l.Say("accord.judgement.likelihood", "party", p.Party, "about", l.Say("accord.about."+p.About), "word", word, "range", likelihoodRange(p.Likelihood)),
		l.Say("accord.judgement.confidence", "party", p.Party, "level", l.Say("accord.confidence."+p.Confidence))
}

// JointText is the one line of a judgement that all parties signed, or every
// party's own word where they did not.
func JointText(l Lexicon, v JudgementView) string {
	if v.Joint != "" {
		word, _ := LikelihoodWord(l.Lang, v.Joint)
		return l.Say("accord.judgement.joint", "word", word)
	}
	var words []string
	for _, p := range v.By {
		word, _ := LikelihoodWord(l.Lang, p.Likelihood)
		words = append(words, p.Party+": "+word)
	}
	return strings.Join(words, "; ")
}

// likelihoodRange is the percentages that a word stands for (ICD 203).
func likelihoodRange(name string) string {
	for i, w := range likelihoodWords {
		if w.name != name || w.least < 0 {
			continue
		}
		most := 99
		if next := likelihoodWords[i+1]; next.least >= 0 {
			most = next.least
		}
		return strconv.Itoa(max(w.least, 1)) + "–" + strconv.Itoa(most) + " %"
	}
	return ""
}

// UnseenText says how much of a charge or a matrix a reader must take somebody's
// word for.
func UnseenText(l Lexicon, reader string, n, of int) string {
	return l.Say("accord.judgement.unseen", "n", strconv.Itoa(n), "of", strconv.Itoa(of), "party", reader)
}
