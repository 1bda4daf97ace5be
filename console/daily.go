package console

import (
	"net/http"
	"strings"
	"time"

	"entente/accord"
	"entente/statement"
)

// DayReport is the report of one day, as far as this node has read.
type DayReport struct {
	Report accord.Report
	// Tabled are the proposals whose text is this report, byte for byte.
	Tabled []InstrumentRow
}

// dailyPage is the body of the Daily screen.
type dailyPage struct {
	DayReport
	Digest     string
	Blocks     []reportBlock
	Prev, Next time.Time // Next is zero for today
}

// reportBlock is a piece of the report's canonical form: a heading in English and
// Russian, or a table.
type reportBlock struct {
	Level  int // of a heading: 1 or 2; 0: a table
	EN, RU string
	Both   bool // of a table: its columns are English and Russian
	Head   []string
	Rows   [][]string
}

// reportBlocks reads the canonical form that accord.Report.Markdown writes, so
// that the screen shows those bytes and nothing beside them. A line of no form
// that is known stands as a row of one cell: nothing is left out.
func reportBlocks(text string) []reportBlock {
	var list []reportBlock
	last := func() *reportBlock {
		if n := len(list); n > 0 && list[n-1].Level == 0 {
			return &list[n-1]
		}
		list = append(list, reportBlock{})
		return &list[len(list)-1]
	}
	fresh := true
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		level := len(line) - len(strings.TrimLeft(line, "#"))
		switch {
		case line == "":
			fresh = true
		case level == 1 || level == 2:
			en, ru, _ := strings.Cut(strings.TrimSpace(line[level:]), " | ")
			list = append(list, reportBlock{Level: level, EN: en, RU: ru})
		case strings.HasPrefix(line, "|---"):
		case strings.HasPrefix(line, "| ") && strings.HasSuffix(line, " |") && len(line) > 3:
			cells := strings.Split(line[2:len(line)-2], " | ")
			if fresh {
				list = append(list, reportBlock{Head: cells, Both: len(cells) == 2 && cells[0] == "English"})
				fresh = false
				continue
			}
			b := last()
			b.Rows = append(b.Rows, cells)
		default:
			b := last()
			b.Rows = append(b.Rows, []string{line})
		}
	}
	return list
}

func (c *Console) dailyRoutes() []route {
	return []route{
		{"GET /daily", readers, c.daily},
		{"GET /daily/{day}/markdown", readers, c.dailyMarkdown},
		{"GET /daily/{day}/stix", readers, c.dailySTIX},
	}
}

func dayOf(s string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return day, statement.Refuse(statement.CodeField, "day: such as 2026-01-31")
	}
	return day, nil
}

func (c *Console) daily(v *visit) error {
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	today := h.Now.UTC().Truncate(24 * time.Hour)
	day := today
	if s := v.r.URL.Query().Get("day"); s != "" {
		if day, err = dayOf(s); err != nil {
			return err
		}
	}
	rep, err := v.source.Cases().Report(v.r.Context(), day)
	if err != nil {
		return err
	}
	p := dailyPage{DayReport: rep, Digest: rep.Report.Digest().String(), Blocks: reportBlocks(string(rep.Report.Markdown())), Prev: day.Add(-24 * time.Hour)}
	if day.Before(today) {
		p.Next = day.Add(24 * time.Hour)
	}
	return c.render(v, http.StatusOK, "daily", frame{Title: "nav.daily", Live: "record", Body: p})
}

// dailyMarkdown hands out the canonical form: the bytes that a proposal signs.
func (c *Console) dailyMarkdown(v *visit) error {
	day, err := dayOf(v.r.PathValue("day"))
	if err != nil {
		return ErrNotFound
	}
	rep, err := v.source.Cases().Report(v.r.Context(), day)
	if err != nil {
		return err
	}
	return v.file("text/markdown; charset=utf-8", "daily-"+day.Format(time.DateOnly)+".md", rep.Report.Markdown())
}

// dailySTIX hands out the cases in which something was said on the day.
func (c *Console) dailySTIX(v *visit) error {
	day, err := dayOf(v.r.PathValue("day"))
	if err != nil {
		return ErrNotFound
	}
	data, err := v.source.Cases().DaySTIX(v.r.Context(), day)
	if err != nil {
		return err
	}
	return v.file(mediaSTIX, "daily-"+day.Format(time.DateOnly)+".stix.json", data)
}
