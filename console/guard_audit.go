package console

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entente/election/audit"
)

func (c *Console) guardRoutes() []route {
	return []route{
		{"GET /guard/audits", readers, c.audits},
		{"GET /guard/audits/{audit}", readers, c.audit},
		{"GET /guard/names", readers, c.names},
		{"GET /guard/rolls", readers, c.rolls},
		{"GET /guard/posts", readers, c.posts},
		{"GET /guard/folders", readers, c.folders},
		{"GET /guard/lists", readers, c.lists},
		{"POST /guard/lists/tell", deciders, c.tellList},
		{"POST /guard/lists/guard", deciders, c.guardList},
		{"POST /guard/rolls/seal", deciders, c.sealRoll},
		{"POST /guard/names/mark", deciders, c.markName},
	}
}

// auditsPage is the body of the list of joint audits.
type auditsPage struct {
	Rows  []auditRow
	Pager pager
}

type auditRow struct {
	AuditRow
	State string
	Path  string
}

// What a joint audit has come to: words of the catalogue below "audit.state.".
const (
	auditVoid    = "void"
	auditSealing = "sealing" // waits for seals or steps before the seed
	auditDrawn   = "drawn"   // has its seed; nothing is measured here
	auditGoesOn  = "goes-on"
	auditMayStop = "may-stop"
)

// auditState is the word for an audit: of several contests the one that is furthest behind.
func auditState(j audit.Joint, contests []AuditContest) string {
	if j.Void {
		return auditVoid
	}
	if j.Seed == "" {
		return auditSealing
	}
	state := auditMayStop
	for _, c := range contests {
		switch o := c.Newest(); {
		case o == nil:
			return auditDrawn
		case !o.Met:
			state = auditGoesOn
		}
	}
	if len(contests) == 0 {
		return auditDrawn
	}
	return state
}

func auditPath(name string) string { return "/guard/audits/" + url.PathEscape(name) }

func (c *Console) audits(v *visit) error {
	all, err := v.source.Guards().Audits(v.r.Context())
	if err != nil {
		return err
	}
	var p auditsPage
	all, p.Pager = onPage(v, all)
	for _, row := range all {
		p.Rows = append(p.Rows, auditRow{row, auditState(row.Joint, row.Contests), auditPath(row.Joint.Audit)})
	}
	return c.render(v, http.StatusOK, "audits", frame{Title: "guard.audits", Live: "record", Up: "/election", Body: p})
}

// auditPage is the body of one joint audit: all its contests, or one with its cards.
type auditPage struct {
	AuditView
	State    string
	Path     string
	Contests []contestPart
	One      bool // a contest is chosen: its cards are listed
	Cards    []AuditCard
	Pager    pager
	Shows    string
	Not      []string
}

type contestPart struct {
	AuditContest
	Plot  *riskPlot
	Limit string // the risk limit, as a percentage
	Path  string
}

func (c *Console) audit(v *visit) error {
	view, err := v.source.Guards().Audit(v.r.Context(), v.r.PathValue("audit"))
	if err != nil {
		return err
	}
	p := auditPage{AuditView: view, State: auditState(view.Joint, view.Contests), Path: auditPath(view.Joint.Audit)}
	p.Shows, p.Not = audit.Shown(v.say.lang)
	want := v.r.URL.Query().Get("contest")
	for _, one := range view.Contests {
		if want != "" && one.Name != want {
			continue
		}
		part := contestPart{AuditContest: one, Plot: plotRisk(one), Path: p.Path + "?contest=" + url.QueryEscape(one.Name)}
		if one.Contest != nil {
			part.Limit = riskWord(one.Contest.RiskLimit())
		}
		p.Contests = append(p.Contests, part)
	}
	if want != "" {
		if len(p.Contests) == 0 {
			return ErrNotFound
		}
		p.One = true
		p.Cards, p.Pager = onPage(v, p.Contests[0].Rows)
	}
	return c.render(v, http.StatusOK, "audit", frame{Title: "audit.title", Live: "record", Up: "/guard/audits", Body: p})
}

// riskPlot is the risk over the draws as a line, on a logarithmic scale, with the
// limit and the ends of the rounds. Its table has the same numbers.
type riskPlot struct {
	Line   string // points of the line
	Limit  string
	LimitY int
	Grid   []plotLine
	Rounds []plotLine
	Draws  int
	Points []audit.Point
}

// plotLine is a line across the plot, with its name.
type plotLine struct {
	At   int
	Name string
}

// The plot's place within its picture of 480 by 200.
const (
	plotLeft, plotRight = 56, 468
	plotTop, plotBottom = 12, 172
)

// plotRisk draws the newest measured round; nil where there is none.
func plotRisk(c AuditContest) *riskPlot {
	if len(c.Course) == 0 || c.Contest == nil {
		return nil
	}
	limit, least := c.Contest.RiskLimit(), 1.0
	for _, pt := range c.Course {
		least = min(least, pt.Risk)
	}
	decades := math.Ceil(-math.Log10(max(min(least, limit), 1e-9)))
	y := func(risk float64) int {
		return plotTop + int(math.Round(float64(plotBottom-plotTop)*min(1, -math.Log10(max(risk, 1e-12))/decades)))
	}
	p := &riskPlot{Draws: c.Course[len(c.Course)-1].Draws, Points: c.Course, Limit: riskWord(limit), LimitY: y(limit)}
	x := func(draws int) int { return plotLeft + (plotRight-plotLeft)*draws/p.Draws }
	at := []string{fmt.Sprintf("%d,%d", plotLeft, plotTop)}
	for _, pt := range c.Course {
		at = append(at, fmt.Sprintf("%d,%d", x(pt.Draws), y(pt.Risk)))
	}
	p.Line = strings.Join(at, " ")
	for d := 0.0; d <= decades; d += math.Ceil(decades / 4) {
		p.Grid = append(p.Grid, plotLine{y(math.Pow(10, -d)), riskWord(math.Pow(10, -d))})
	}
	for _, r := range c.Rounds {
		if r.Outcome != nil && r.Outcome.Seen <= p.Draws {
			p.Rounds = append(p.Rounds, plotLine{x(r.Outcome.Seen), fmt.Sprint(r.Number)})
		}
	}
	p.Rounds = slices.CompactFunc(p.Rounds, func(a, b plotLine) bool { return a.At == b.At })
	return p
}

// riskWord is a risk as a percentage with three digits that count.
func riskWord(risk float64) string { return fmt.Sprintf("%.3g %%", 100*risk) }
