package auditd_test

import (
	"fmt"
	"strings"
	"testing"

	"entente/watch/event"
	"entente/watch/format/auditd"
	"entente/watch/format/formattest"
)

func TestFormat(t *testing.T) { formattest.Run(t, auditd.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, auditd.Format(), "node=a type=SYSCALL msg=audit(1.5:1): exe=\"\xff\" pid=1\nnode=a type=PATH msg=audit(1.5:1): name=FF", `[{"event":" 1.5:1","process":{"exe":"/bin/sh"}}]`)
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, auditd.Format()) }

func parse(t *testing.T, p event.Parser, line string) *event.Event {
	t.Helper()
	ev := new(event.Event)
	if err := p.Parse([]byte(line), ev); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return ev
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ record, field, want string }{
		{`type=EXECVE msg=audit(1.5:1): argc=1 a0="ls"`, "process.command_line", "ls"},
		{`type=EXECVE msg=audit(1.5:1): argc=2 a0="sh" a1=2D63206C73`, "process.command_line", "sh -c ls"},
		{`type=EXECVE msg=audit(1.5:1): argc=2 a0="sh" a1=2D63206C73`, "auditd.data.a1", "-c ls"},
		{`type=EXECVE msg=audit(1.5:1): argc=3 a0="x" a1_len=9 a1[0]=6161 a1[1]=6262 a2="c"`, "process.command_line", "x aabb c"},
		{`type=EXECVE msg=audit(1.5:1): argc=1 a0=ABC`, "process.command_line", "ABC"}, // not whole bytes
		{`type=EXECVE msg=audit(1.5:1): argc=1 a0="41"`, "process.command_line", "41"},
		{`type=SYSCALL msg=audit(1.5:1): a0=4142`, "auditd.data.a0", "4142"}, // a number, no text
		{`type=SYSCALL msg=audit(1.5:1): comm="41"`, "process.name", "41"},
		{`type=SYSCALL msg=audit(1.5:1): arch=c000003e syscall=59`, "auditd.data.SYSCALL", "execve"},
		{`type=SYSCALL msg=audit(1.5:1): arch=c000003e syscall=322`, "auditd.data.SYSCALL", "execveat"},
		{`type=SYSCALL msg=audit(1.5:1): arch=c000003e syscall=133`, "auditd.data.SYSCALL", "mknod"},
		{`type=SYSCALL msg=audit(1.5:1): arch=c00000b7 syscall=221`, "auditd.data.SYSCALL", "execve"},
		{`type=SYSCALL msg=audit(1.5:1): arch=c000003e syscall=435`, "auditd.data.SYSCALL", "clone3"},
		{`type=SYSCALL msg=audit(1.5:1): arch=c000003e syscall=400`, "auditd.data.SYSCALL", ""},
		{`type=SYSCALL msg=audit(1.5:1): arch=40000003 syscall=11`, "auditd.data.SYSCALL", ""},
		{`type=SYSCALL msg=audit(1.5:1): arch=c000003e syscall=99999999999999999999`, "auditd.data.SYSCALL", ""},
		{"type=SYSCALL msg=audit(1.5:1): arch=c000003e syscall=59 key=(null)\x1dARCH=x86_64 SYSCALL=execve UID=\"clerk\"", "user.name", "clerk"},
		{`type=SYSCALL msg=audit(1.5:1): exe="/bin/su" subj=x key="e"ARCH=x86_64 SYSCALL=execve`, "auditd.data.ARCH", "x86_64"},
		{`type=ANOM_ABEND msg=audit(1.5:1): sig=11 res=1AUID="clerk"`, "auditd.data.res", "1"},
		{`type=ANOM_ABEND msg=audit(1.5:1): sig=11 res=1AUID="clerk"`, "auditd.data.AUID", "clerk"},
		{`type=PROCTITLE msg=audit(1.5:1): proctitle=2F62696E2F7375002D2D68656C70`, "auditd.data.proctitle", "/bin/su --help"},
		{`type=PROCTITLE msg=audit(1.5:1): proctitle="-bash"`, "process.title", "-bash"},
		{`type=USER_CMD msg=audit(1.5:1): pid=1 msg='cwd="/" cmd=6C73202D6C terminal=pts/0 res=success'`, "auditd.data.cmd", "ls -l"},
		{`type=USER_CMD msg=audit(1.5:1): pid=1 msg='cwd="/" cmd=6C73202D6C terminal=pts/0 res=success'`, "event.outcome", "success"},
		{`type=SOCKADDR msg=audit(1.5:1): saddr=0A000035000000002001067C00000000000000000000000100000000`, "destination.ip", "2001:67c::1"},
		{`type=SOCKADDR msg=audit(1.5:1): saddr=01002F72756E2F782E736F636B`, "destination.ip", ""},
		{`type=SYSCALL msg=audit(1.5:1): tty=(none) key=6101620162`, "auditd.data.key", "a"},
	} {
		if got := parse(t, auditd.Format().New(), c.record).Get(c.field); got != c.want {
			t.Errorf("%s\n %s is %q, want %q", c.record, c.field, got, c.want)
		}
	}
}

// A record gets the process of the SYSCALL record of its own event and of no other.
func TestProcessOfTheEvent(t *testing.T) {
	p := auditd.Format().New()
	parse(t, p, `type=SYSCALL msg=audit(1.5:1): ppid=1 pid=2 uid=3 comm="a" exe="/bin/a"`)
	parse(t, p, `node=b type=SYSCALL msg=audit(1.5:1): ppid=4 pid=5 uid=6 comm="b" exe="/bin/b"`)
	for _, c := range []struct{ record, want string }{
		{`type=EXECVE msg=audit(1.5:1): argc=1 a0="x"`, "/bin/a a 2 1 3"},
		{`node=b type=EXECVE msg=audit(1.5:1): argc=1 a0="x"`, "/bin/b b 5 4 6"},
		{`type=EXECVE msg=audit(1.5:2): argc=1 a0="x"`, "    "},
		{`type=PATH msg=audit(1.5:1): name="/x"`, "/bin/a a 2 1 3"},
		{`type=OBJ_PID msg=audit(1.5:1): pid=9`, "/bin/a a 9 1 3"}, // its own words come first
		{`type=EOE msg=audit(1.5:1): `, "    "},
		{`type=PATH msg=audit(1.5:1): name="/x"`, "    "},
	} {
		ev := parse(t, p, c.record)
		got := strings.Join([]string{ev.Get("process.executable"), ev.Get("process.name"), ev.Get("process.pid"), ev.Get("process.parent.pid"), ev.Get("user.id")}, " ")
		if got != c.want {
			t.Errorf("%s\n gave %q, want %q", c.record, got, c.want)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	p := auditd.Format().New()
	for i := range 1000 {
		parse(t, p, fmt.Sprintf(`type=SYSCALL msg=audit(1.5:%d): exe="/bin/%s"`, i, strings.Repeat("x", 3000)))
	}
	parse(t, p, `type=SYSCALL msg=audit(1.5:5000): exe="/bin/`+strings.Repeat("x", 1<<19)+`"`)
	if state := p.State(); len(state) == 0 || len(state) > 1<<17 {
		t.Errorf("the state is %d bytes", len(state))
	}
	if got := parse(t, p, `type=CWD msg=audit(1.5:999): cwd="/"`).Get("process.executable"); got == "" {
		t.Error("a recent event was forgotten")
	}
}

func TestMessage(t *testing.T) {
	var ev event.Event
	if !auditd.Message(&ev, `audit: type=1400 audit(1793692807.000:3000): apparmor="DENIED" pid=78 comm="named"`) || ev.Get("auditd.data.apparmor") != "DENIED" || ev.Dataset != "auditd.avc" {
		t.Errorf("%s", formattest.Render(&ev))
	}
	ev.Reset()
	if auditd.Message(&ev, "audit: backlog limit exceeded") || len(ev.Fields) > 0 {
		t.Errorf("%s", formattest.Render(&ev))
	}
}

func TestRealLines(t *testing.T) {
	for _, name := range []string{"auditd-base64-exec", "auditd-logs", "auditd-postexploit-rm", "auditd-suid-crash"} {
		t.Run(name, func(t *testing.T) {
			processes := 0
			counts := formattest.Read(t, auditd.Format(), formattest.SharedData(t, "logs/crowdsec-hub/"+name+"/"+name+".log"), func(ev *event.Event) {
				if strings.HasPrefix(ev.Get("process.executable"), "/") && ev.Get("process.pid") != "" && ev.Get("user.id") != "" {
					processes++
				}
			})
			t.Logf("%+v", counts)
			if counts.Events == 0 || counts.Unparsed > 0 || processes != counts.Events {
				t.Errorf("%d events have their process; %+v", processes, counts)
			}
		})
	}
}
