package detect

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"entente/watch/event"
)

// injections are what scanners and people send; each must be seen, also under
// each disguise.
var injections = []string{
	"' or 1=1--", "1' OR '1'='1", "1 or 1=1", "-1 or 2>1", "1) or (1=1", "') or ('a'='a", "\" or \"\"=\"", "' or ''='", "x' and 'a' like 'a", "1 and 1=2",
	"1 AND ascii(substr((select database()),1,1))>64", "1' and (select 1 from users where id=1)=1 and '1'='1", "1 and user='sa'", "1' || '1'='1",
	"' union select null,null,null--", "-1 UNION ALL SELECT 1,2,concat(user,0x3a,pass) FROM users", "1 union/**/select 1", "1/*!50000union*//*!50000select*/1,2",
	"' union select name, ssn from voters--", "1 union distinct select @@version", "x' union (select * from (select 1)a)--",
	"1; drop table voters", "1'; drop table voters;--", "'; exec xp_cmdshell('dir')--", "1; exec master..xp_cmdshell 'dir'", "1; waitfor delay '0:0:5'--", "';waitfor delay '0:0:5'--",
	"1; update voters set party='X' where id=1", "1; delete from voters where 1=1", "1; insert into voters(id) values(1)", "1; declare @q varchar(8000)", "1;select pg_sleep(5)", "1; shutdown",
	"1 and sleep(5)", "1-sleep(5)", "' and benchmark(5000000,md5(1))#", "if(now()=sysdate(),sleep(15),0)", "1 or pg_sleep(5)=1", "'||(select dbms_pipe.receive_message('a',5) from dual)||'",
	"1 and extractvalue(1,concat(0x7e,version()))", "1' and updatexml(1,concat(0x7e,user()),1)--", "1 union select load_file('/etc/passwd')", "1 into outfile '/tmp/x'",
	"admin'--", "admin' #", "admin'/*", "admin')--", "1 order by 10--", "1' order by 10-- -", "1 group by 1 having 1=1", "1 having 1=1", "(select * from users)", "1' rlike (select (case when (1=1) then 1 else 0x28 end))",
	"1 procedure analyse(extractvalue(1,1),1)", "1 and 1 in (select min(name) from sysobjects)", "1 and 5 between 1 and 9", "1 or exists(select 1 from users)", "1' or true#", "1 AND 1=1 AND 'x'='x",
	"ʼ or 1=1--", "＇ or 1=1--", "(1)and(1)=(1)", "1'or'1'='1",
}

// honest are values that people and programs send.
var honest = []string{
	"O'Brien", "D'Angelo", "o''brien", "N'Djamena and Cote d'Ivoire", "rock 'n' roll", "rock 'n' roll -- live", "the cats' and dogs' home", "Trader Joe's or Aldi's", "it's 5 or 6 = whatever they said it's",
	"union select committee", "select committee on union and labor", "the union, select members", "student union; select a seat", "select all from the list", "drop table reservations", "please; drop table reservations at 5",
	"1 or 2", "5 and 6", "Yes or no?", "either/or", "R&D", "A and B like C", "C# developer", "#1 candidate", "vote #4", "2024-11-05--2024-11-06", "a -- b", "--", "''", "'", "\"quoted words\" and more",
	"\"Smith\" or \"Smyth\"", "'Smith' or 'Smyth'", "update your address; set a reminder", "delete from cart", "insert into envelope", "order by mail", "order by 10 November", "group by precinct", "having a question",
	"sleep(5)", "how to sleep (8 hours)", "javascript sleep(ms)", "what is sql injection?", "information_schema tables", "where is my polling place", "1=1", "a=b", "x>1", "if(a,b)", "f(x)=sleep", "exec summary",
	"(555) 123-4567", "12 Main St; Apt 4", "12 Main St, #4", "100% sure", "50%", "%", "%zz", "Ward 3 (north)", "lat=38.1,-77.2", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc--_def", "2024-11-05T10:00:00+00:00", "и/или", "здоровʼя", "l'État c'est moi",
	"{\"a\":1,\"b\":[\"x or y\"]}", "{\"id\":\"1\",\"and\":\"2=2\"}", "https://example.org/a?b=c;d=e", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)", "Widget 3 and a half > 2", "text/html, */*; q=0.8", "between 5 and 9",
}

func TestInjectionsAreSeen(t *testing.T) {
	disguises := map[string]func(string) string{
		"query":         url.QueryEscape,
		"twice":         func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
		"percent 25 27": func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%", "%25") },
		"zero bytes":    func(s string) string { return "%00" + strings.ReplaceAll(url.QueryEscape(s), "+", "%00+%00") },
		"comments":      func(s string) string { return url.QueryEscape(strings.ReplaceAll(s, " ", "/**/")) },
		"long comments": func(s string) string { return url.QueryEscape(strings.ReplaceAll(s, " ", "/*a'b*/")) },
		"new lines":     func(s string) string { return url.QueryEscape(strings.ReplaceAll(s, " ", "\n")) },
		"case":          func(s string) string { return url.QueryEscape(strings.ToUpper(s)) },
	}
	for name, disguise := range disguises {
		for _, s := range injections {
			if name == "long comments" && (strings.Contains(s, "-- ") || strings.HasPrefix(s, "'") || strings.Contains(s, "' ")) {
				continue // a quote in the comment is where the reading between quotes begins
			}
			if (name == "comments" || name == "new lines") && strings.Contains(s, "-- ") {
				continue
			}
			if SQL(disguise(s), true) == "" {
				t.Errorf("%s: %s is not seen", name, s)
			}
		}
	}
}

func TestHonestValuesAreLeftAlone(t *testing.T) {
	for _, s := range honest {
		for _, v := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			if why := SQL(v, true); why != "" {
				t.Errorf("%q: %s", v, why)
				break
			}
		}
	}
}

func TestSQLInTarget(t *testing.T) {
	for target, want := range map[string]bool{
		"/status?id=1%20or%201=1":                  true,
		"/status/1%20or%201=1":                     true,
		"/status/x'%20or%20'1'='1":                 true,
		"/status?a=1&b=2%2527%2520or%25201=1--&c=": true,
		"/status?1'%20or%20'1'='1":                 true,
		"/status?name=O%27Brien&page=2":            false,
		"/a/2024-11-05/results.html":               false,
		"/":                                        false,
	} {
		var ev event.Event
		ev.Add("url.original", target)
		field, seen := sqlInRequest(&ev)
		if (field != "") != want || want && !strings.HasPrefix(seen, target) {
			t.Errorf("%s: %q %q", target, field, seen)
		}
	}
	var ev event.Event
	ev.Add("user_agent.original", "Mozilla/5.0' and sleep(5)--")
	if field, _ := sqlInRequest(&ev); field != "user_agent.original" {
		t.Errorf("field %q", field)
	}
}

func FuzzSQL(f *testing.F) {
	for _, s := range append(injections, honest...) {
		f.Add(url.QueryEscape(s))
	}
	f.Add("%u0027%20or%u00201=1")
	f.Add(strings.Repeat("(", 9000))
	f.Add("%25252527")
	f.Fuzz(func(t *testing.T, s string) {
		why := SQL(s, true)
		if !utf8.ValidString(why) || len(why) > maxValue+100 {
			t.Errorf("%q", why)
		}
		if suspicious(s) && SQL(s, true) != why {
			t.Error("another answer to the same")
		}
	})
}
