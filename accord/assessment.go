package accord

import "entente/statement"

// Assessment is the body of assessment/v1: a judgement. refs[0], if any, is the
// assessment that opened the question. Part 1 holds the Matrix, committed here;
// in sealed mode it is sealed to its author and the depositary until revealed.
type Assessment struct {
	Question    Texts            `json:"question"`
	Level       string           `json:"level"` // technical, operational, strategic
	AsOf        Instant          `json:"as_of"`
	Stage       string           `json:"stage"` // hypotheses, rows, cells, judgement
	Mode        string           `json:"mode"`  // open, sealed
	Depositary  string           `json:"depositary"`
	RevealBy    Instant          `json:"reveal_by"`
	Hypotheses  []Hypothesis     `json:"hypotheses"` // those added here; the built-in ones are always there
	Judgements  []Judgement      `json:"judgements"`
	Assumptions []Texts          `json:"assumptions"`
	Gaps        []Texts          `json:"gaps"`
	WouldChange []Texts          `json:"would_change"`
	Dissents    []Dissent        `json:"dissents"`
	Matrix      statement.Digest `json:"matrix"` // salted digest of part 1's plaintext, zero if there is none
}

// Hypothesis is one answer to the question. Several may be true at once.
type Hypothesis struct {
	No       int      `json:"no"` // within this statement, from 1
	Text     Texts    `json:"text"`
	Actors   []string `json:"actors"`
	Excludes []int    `json:"excludes"`
}

// Judgement is how likely one hypothesis is, and apart from it how sure its
// author is (ICD 203: never in one sentence).
type Judgement struct {
	Hypothesis     string `json:"hypothesis"` // built-in name, or ID of a hypothesis, see HypothesisID
	Likelihood     string `json:"likelihood"`
	Confidence     string `json:"confidence"`
	Why            Texts  `json:"why"`
	Responsibility string `json:"responsibility"` // of a state, or empty
	// Attempt, success and effect are three questions.
	About string `json:"about"` // attempt, success, effect, actor
}

// Dissent is another judgement inside the same party, kept.
type Dissent struct {
	Who        string `json:"who"`
	Hypothesis string `json:"hypothesis"`
	Likelihood string `json:"likelihood"`
	Confidence string `json:"confidence"`
	Why        Texts  `json:"why"`
}

// Matrix is part 1: evidence rows, and the cells of one party.
type Matrix struct {
	Salt  string `json:"salt"` // 64 hex digits
	Rows  []Row  `json:"rows"`
	Cells []Cell `json:"cells"`
}

// Row is one piece of evidence.
type Row struct {
	No        int    `json:"no"`
	Text      Texts  `json:"text"`
	Exhibit   string `json:"exhibit"` // id (hex) of an exhibit, or empty
	SourceRel string `json:"source_rel"`
	Cred      int    `json:"cred"`
	Plantable string `json:"plantable"` // no, with-effort, easily, unknown
	Unseen    bool   `json:"unseen"`    // rests on evidence that others cannot see
}

// Cell is how one row speaks for or against one hypothesis (Heuer).
type Cell struct {
	Row        string `json:"row"` // ID of the row, see RowID
	Hypothesis string `json:"hypothesis"`
	Value      string `json:"value"` // II, I, N, C, CC, NA
}

// builtIn are the hypotheses that every question has and nobody can delete.
var builtIn = []string{"other", "staged", "insider", "accident"}

var confidences = []string{"low", "moderate", "high"}

// responsibilities are Healey's ten, as MISP's taxonomy state-responsibility
// spells them, full stops and all. A source in a territory implies none of them.
var responsibilities = []string{
	"state-prohibited.", "state-prohibited-but-inadequate.", "state-ignored", "state-encouraged", "state-shaped",
	"state-coordinated", "state-ordered", "state-rogue-conducted", "state-executed", "state-integrated",
}

const maxHypotheses, maxRows = 7, 200

// ParseAssessment decodes and checks the body of an assessment.
func ParseAssessment(body []byte) (Assessment, error) {
	return parse(body, statement.MaxAct, func(a Assessment) error {
		if sealed := a.Mode == "sealed"; sealed != (a.RevealBy != "") || !sealed && a.Depositary != "" {
			return refuse("a sealed assessment says when it is revealed; an open one has no depositary")
		}
		list := func(what string, l []Texts) error {
			return each(what, l, 40, func(_ int, t Texts) error { return CheckTexts(what, t, maxNote, false) })
		}
		return first(
			CheckTexts("question", a.Question, maxTitle, false), one("level", a.Level, "technical", "operational", "strategic"),
			a.AsOf.check("as of", true), one("stage", a.Stage, "hypotheses", "rows", "cells", "judgement"),
			one("mode", a.Mode, "open", "sealed"), a.RevealBy.check("reveal by", false), plain("depositary", a.Depositary),
			each("hypotheses", a.Hypotheses, maxHypotheses, checkHypothesis),
			each("judgements", a.Judgements, 40, checkJudgement),
			list("assumptions", a.Assumptions), list("gaps", a.Gaps), list("would change", a.WouldChange),
			each("dissents", a.Dissents, 40, func(_ int, d Dissent) error {
				return first(word("who dissents", d.Who), word("hypothesis", d.Hypothesis), checkLikelihood(d.Likelihood), checkConfidence(d.Confidence), CheckTexts("why", d.Why, maxNote, false), checkEstimate("why", d.Why))
			}),
		)
	})
}

func checkHypothesis(i int, h Hypothesis) error {
	if h.No != i+1 {
		return refuse("hypotheses are numbered from 1")
	}
	return first(CheckTexts("hypothesis", h.Text, maxNote, false), words("actors", h.Actors, 20),
		each("excludes", h.Excludes, maxHypotheses, func(_, n int) error { return within("excludes", int64(n), 1, maxHypotheses) }))
}

func checkJudgement(_ int, j Judgement) error {
	return first(word("hypothesis", j.Hypothesis), checkLikelihood(j.Likelihood), checkConfidence(j.Confidence),
		CheckTexts("why", j.Why, maxNote, false), checkEstimate("why", j.Why), one("responsibility", j.Responsibility, append([]string{""}, responsibilities...)...), one("about", j.About, "attempt", "success", "effect", "actor"))
}

func checkLikelihood(s string) error { return one("likelihood", s, Likelihoods()...) }
func checkConfidence(s string) error { return one("confidence", s, confidences...) }

// HypothesisID names a hypothesis that an assessment (by its id) added.
func HypothesisID(assessment statement.Digest, no int) string {
	return assessment.String() + "/" + PartName("hypothesis", no)
}

// RowID names a row of an assessment (by its id).
func RowID(assessment statement.Digest, no int) string {
	return assessment.String() + "/" + PartName("row", no)
}

// ParseMatrix decodes part 1 of an assessment and holds it against the act.
func ParseMatrix(a Assessment, part []byte) (Matrix, error) {
	m, err := parse(part, mostOf(a.Mode), func(m Matrix) error {
		return first(
			each("rows", m.Rows, maxRows, func(i int, r Row) error {
				if r.No != i+1 {
					return refuse("rows are numbered from 1")
				}
				return first(CheckTexts("row", r.Text, maxNote, false), plain("exhibit", r.Exhibit), one("source reliability", r.SourceRel, "A", "B", "C", "D", "E", "F"),
					within("credibility", int64(r.Cred), 1, 6), one("plantable", r.Plantable, "no", "with-effort", "easily", "unknown"))
			}),
			each("cells", m.Cells, maxRows*(maxHypotheses+len(builtIn)), func(_ int, c Cell) error {
				return first(word("row", c.Row), word("hypothesis", c.Hypothesis), one("cell", c.Value, "II", "I", "N", "C", "CC", "NA"))
			}),
		)
	})
	if err != nil {
		return Matrix{}, err
	}
	if len(m.Salt) != 64 || MatrixDigest(part) != a.Matrix {
		return Matrix{}, statement.Refuse(statement.CodeDigest, "the matrix is not the one that the act commits to")
	}
	return m, nil
}

// MatrixDigest commits to a matrix, which bears its own salt.
func MatrixDigest(part []byte) statement.Digest {
	return statement.TaggedSum("entente/matrix/v1", part)
}
