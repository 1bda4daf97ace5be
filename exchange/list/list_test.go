package list

import (
	"fmt"
	"strings"
	"testing"

	"entente/statement"
)

// show writes a row on one line: what a reader of the table needs to compare.
func show(r Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", r.Line)
	for _, v := range r.Values {
		fmt.Fprintf(&b, " %s=%s", v.Type, v.Text)
	}
	for _, f := range []struct{ name, text string }{{"seen", r.Observed}, {"until", r.Until}, {"mark", r.Marking}, {"note", r.Note}} {
		if f.text != "" {
			fmt.Fprintf(&b, " %s:%s", f.name, f.text)
		}
	}
	if r.Recovered {
		b.WriteString(" recovered")
	}
	for _, refusal := range r.Refused {
		fmt.Fprintf(&b, " !%s", refusal.Code)
	}
	return b.String()
}

func compare(t *testing.T, what string, rows []Row, want []string) {
	t.Helper()
	for i := range max(len(rows), len(want)) {
		got, wanted := "", ""
		if i < len(rows) {
			got = show(rows[i])
		}
		if i < len(want) {
			wanted = want[i]
		}
		if got != wanted {
			t.Errorf("%s, row %d:\n got %s\nwant %s", what, i, got, wanted)
		}
	}
}

// collect reads a whole file.
func collect(read func([]byte, func(Row) error) error, data []byte) (rows []Row, err error) {
	err = read(data, func(r Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

const jar = `INDICATOR_VALUE,TYPE,COMMENT,ROLE,ATTACK_PHASE,OBSERVED_DATE,HANDLING,DESCRIPTION
c2.evil.example,FQDN,,C2,C2,2016-12-01,TLP:WHITE,"Malware ""X"" calls
home, over two lines."
198[.]51[.]100[.]7,IPV4ADDR,,,,,TLP:WHITE,
,MD5,FILENAME:a.dll|SHA1:da39a3ee5e6b4b0d3255bfef95601890afd80709|SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,,,,TLP:WHITE,
,MD5,FILENAME:b.dll,,,,TLP:WHITE,
\Sessions\1\Mutex,MUTEX,,,,,TLP:WHITE,
`

func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		what, text string
		want       []string
	}{
		{"the JAR layout", jar, []string{
			"2 domain-name=c2.evil.example seen:2016-12-01 mark:TLP:WHITE note:C2; C2; Malware \"X\" calls\nhome, over two lines.",
			"4 ipv4-addr=198[.]51[.]100[.]7 mark:TLP:WHITE",
			"5 sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 mark:TLP:WHITE note:FILENAME:a.dll|SHA1:da39a3ee5e6b4b0d3255bfef95601890afd80709|SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 recovered",
			"6 mark:TLP:WHITE note:FILENAME:b.dll !E_VALUE",
			"7 mark:TLP:WHITE !E_KIND",
		}},
		{"CR LF, byte order mark, semicolons", "\xef\xbb\xbfIndicator;Type;First Seen\r\n198.51.100.7;ip;2026-05-01\r\n", []string{
			"2 =198.51.100.7 seen:2026-05-01",
		}},
		{"seen last counts, wherever it stands", "Last_Seen,ip,first_seen\n2026-05-02,198.51.100.7,2026-05-01\n,198.51.100.8,2026-05-01\n", []string{
			"2 =198.51.100.7 seen:2026-05-02",
			"3 =198.51.100.8 seen:2026-05-01",
		}},
		{"seen", "ip,seen\n198.51.100.7,2026-05-01\n", []string{"2 =198.51.100.7 seen:2026-05-01"}},
		{"abuse.ch: the header is a comment", "################\n# Feed, as a comment, with url, commas #\n#\n# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"malware\"\n\"2026-05-01 10:00:00\", \"198.51.100.7\", \"443\", \"X\"\n# end\n", []string{
			"5 =198.51.100.7 seen:2026-05-01 10:00:00 note:X",
		}},
		{"a column for each type", "domain\tip\tsha256_hash\nevil.example\t198.51.100.7\t\n\t\t\n", []string{
			"2 domain-name=evil.example =198.51.100.7",
			"3 !E_VALUE",
		}},
		{"short and long rows", "value,comment\nevil.example\na.example,b,c,d\n", []string{
			"2 =evil.example",
			"3 =a.example note:b",
		}},
		{"a field over the limit", "value,comment\nevil.example," + strings.Repeat("x", MaxLine+1) + "\n", []string{
			"2 =evil.example !E_SIZE",
		}},
	} {
		if !IsCSV([]byte(c.text)) {
			t.Errorf("%s: not recognised", c.what)
		}
		rows, err := collect(ReadCSV, []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		compare(t, c.what, rows, c.want)
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for _, c := range []struct {
		what, text, detail string
		code               statement.Code
	}{
		{"no header", "evil.example,domain\n", "no header", statement.CodeKind},
		{"empty", "", "no header", statement.CodeKind},
		{"open quote", "value,comment\na.example,x\nb.example,\"never ends\nc.example,\n", "line 3", statement.CodeValue},
		{"bare quote", "value,comment\na.example,x\nb.example,a \"b\" c\n", "line 3, column 13", statement.CodeValue},
		{"NUL", "value\n\x00\n", "byte 6", statement.CodeUTF8},
	} {
		_, err := collect(ReadCSV, []byte(c.text))
		r, ok := statement.AsRefusal(err)
		if !ok || r.Code != c.code || !strings.Contains(r.Detail, c.detail) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestIsCSV(t *testing.T) {
	for _, text := range []string{
		"evil.example\n198.51.100.7\n", "198.51.100.7,ip\n", "# Aliases: a, url, ip\nevil.example\n", "# domain\nevil.example\n",
		"# Reference: https://report.example/url\n", "", "\n\n\n",
	} {
		if IsCSV([]byte(text)) {
			t.Errorf("%q taken for CSV", text)
		}
	}
}

func TestReadPlain(t *testing.T) {
	text := "\xef\xbb\xbf# Copyright\r\n\r\n# Reference: https://report.example/1\r\n# Reference: https://report.example/2\r\n\r\n" +
		"evil.example\r\n*.worse.example\r\n198.51.100.7:8080 # scanner # 7\r\n\r\n# Reference: https://report.example/3\r\n" +
		"http://evil.example/a;b?c=1,2\r\n/gate.php\r\n" +
		"; other comment\r\n// other comment\r\n0.0.0.0 blocked.example\r\n203.0.113.0/24,scanner,2026\r\nthis is no value\r\n2001:db8::1\tx\r\nlast.example"
	want := []string{
		"6 =evil.example note:https://report.example/1",
		"7 =worse.example note:https://report.example/1",
		"8 =198.51.100.7:8080 note:scanner # 7",
		"11 =http://evil.example/a;b?c=1,2 note:https://report.example/3",
		"12 note:https://report.example/3 !E_VALUE",
		"15 =blocked.example note:https://report.example/3",
		"16 =203.0.113.0/24 note:https://report.example/3",
		"17 note:https://report.example/3 !E_VALUE",
		"18 =2001:db8::1 note:https://report.example/3",
		"19 =last.example note:https://report.example/3",
	}
	rows, err := collect(ReadPlain, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "list", rows, want)

	rows, err = collect(ReadPlain, []byte(strings.Repeat("x", MaxLine+1)+"\nevil.example\n"))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "long line", rows, []string{"1 !E_SIZE", "2 =evil.example"})
	if _, err := collect(ReadPlain, []byte("a\x00")); err == nil {
		t.Error("binary was read")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(jar))
	f.Add([]byte("# \"first_seen_utc\",\"dst_ip\"\n\"2026-05-01\", \"198.51.100.7\"\n"))
	f.Add([]byte("# Reference: https://r.example\nevil.example # note\n0.0.0.0 a.example\n"))
	f.Add([]byte("value\n\"open"))
	f.Add([]byte("domain\tip\n\t\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, read := range []func([]byte, func(Row) error) error{ReadCSV, ReadPlain} {
			rows, err := collect(read, data)
			if _, ok := statement.AsRefusal(err); err != nil && !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			last := 0
			for _, r := range rows {
				if len(r.Values) == 0 && len(r.Refused) == 0 {
					t.Fatalf("line %d: neither a value nor a reason", r.Line)
				}
				if r.Line <= last {
					t.Fatalf("line %d after line %d", r.Line, last)
				}
				last = r.Line
			}
		}
	})
}
