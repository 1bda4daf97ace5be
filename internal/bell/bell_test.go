package bell

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"
)

var message = Message{ID: "0a1b", Subject: "north: 2 open incidents\r\nBcc: evil@example.org", Text: "one\n.\ntwo — три", At: time.Unix(1_760_000_400, 0)}

// heard is what a place took.
type heard struct {
	method, path, body string
	header             http.Header
}

func place(t *testing.T, status int) (Config, chan heard) {
	t.Helper()
	got := make(chan heard, 4)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got <- heard{r.Method, r.URL.EscapedPath(), string(b), r.Header}
		if status/100 == 3 {
			w.Header().Set("Location", "https://elsewhere.example/")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return Config{URL: s.URL + "/x", Roots: s.Client().Transport.(*http.Transport).TLSClientConfig, Secret: []byte("0123456789abcdef")}, got
}

func ring(t *testing.T, c Config) error {
	t.Helper()
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b.Ring(t.Context(), message)
}

func TestWebhookIsSigned(t *testing.T) {
	c, got := place(t, 204)
	c.Kind = Webhook
	if err := ring(t, c); err != nil {
		t.Fatal(err)
	}
	h := <-got
	var body map[string]string
	if err := json.Unmarshal([]byte(h.body), &body); err != nil || body["id"] != "0a1b" || body["text"] != message.Text {
		t.Errorf("%v %v", body, err)
	}
	if h.header.Get(HeaderTimestamp) != "1760000400" || h.header.Get(HeaderSignature) != Sign(c.Secret, 1_760_000_400, []byte(h.body)) {
		t.Errorf("%v", h.header)
	}
	if h.header.Get(HeaderSignature) == Sign([]byte("another secret!!"), 1_760_000_400, []byte(h.body)) {
		t.Error("any secret will do")
	}
	// HMAC-SHA256 of "1.{}" by another implementation.
	if s := Sign([]byte("0123456789abcdef"), 1, []byte("{}")); s != "2af693cb56b22c16912222aeefdc75a01de562bf70ee2015f41ecea48382997f" {
		t.Error(s)
	}
}

func TestMatrixAndNtfy(t *testing.T) {
	c, got := place(t, 200)
	c.Kind, c.Room = Matrix, "!room:example.org"
	if err := ring(t, c); err != nil {
		t.Fatal(err)
	}
	h := <-got
	if h.method != http.MethodPut || h.path != "/x/_matrix/client/v3/rooms/%21room:example.org/send/m.room.message/0a1b" || h.header.Get("Authorization") != "Bearer 0123456789abcdef" || !strings.Contains(h.body, "m.text") {
		t.Errorf("%+v", h)
	}
	c.Kind = Ntfy
	if err := ring(t, c); err == nil {
		t.Error("a title of two lines has gone out as a header")
	}
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	m := message
	m.Subject = "north: 2 open incidents"
	if err := b.Ring(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if h := <-got; h.path != "/x" || h.body != message.Text || h.header.Get("Title") != m.Subject {
		t.Errorf("%+v", h)
	}
	m.Subject = "north: 2 open incidents / 2 открытых инцидента, о которых никто не знает"
	if err := b.Ring(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if title, err := new(mime.WordDecoder).DecodeHeader((<-got).header.Get("Title")); err != nil || title != m.Subject {
		t.Errorf("%q, %v", title, err)
	}
}

// TestRefusalsAreErrors: what a place does not take is said, without the
// secret, and nothing follows a redirect.
func TestRefusalsAreErrors(t *testing.T) {
	for _, status := range []int{302, 403, 500} {
		c, _ := place(t, status)
		c.Kind = Webhook
		if err := ring(t, c); err == nil || strings.Contains(err.Error(), "0123456789") || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("%d: %v", status, err)
		}
	}
	for name, c := range map[string]Config{
		"unknown kind":       {Kind: "pigeon", URL: "https://a.example"},
		"no address":         {Kind: Ntfy, URL: "topic"},
		"in the clear":       {Kind: Ntfy, URL: "http://ntfy.example/topic"},
		"password in url":    {Kind: Ntfy, URL: "https://a:b@ntfy.example/topic"},
		"short secret":       {Kind: Webhook, URL: "https://a.example", Secret: []byte("short")},
		"matrix, no room":    {Kind: Matrix, URL: "https://a.example", Secret: []byte("x")},
		"mail over http":     {Kind: Mail, URL: "https://a.example", From: "a@b.example", To: []string{"c@d.example"}},
		"mail to nobody":     {Kind: Mail, URL: "smtp://a.example", From: "a@b.example"},
		"mail from two":      {Kind: Mail, URL: "smtp://a.example", From: "a@b.example\r\nBcc: x@y.example", To: []string{"c@d.example"}},
		"mail to a bad name": {Kind: Mail, URL: "smtp://a.example", From: "a@b.example", To: []string{"nobody"}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := New(Config{Kind: Ntfy, URL: "http://127.0.0.1:8080/topic"}); err != nil {
		t.Errorf("a relay on this machine: %v", err)
	}
}

// TestMail speaks to a mail server that knows just enough, first in the clear
// and then by STARTTLS.
func TestMail(t *testing.T) {
	for _, secure := range []bool{false, true} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		web := httptest.NewTLSServer(nil) // for its certificate
		defer web.Close()
		roots := web.Client().Transport.(*http.Transport).TLSClientConfig
		taken := make(chan string, 1)
		go func() { taken <- serveMail(l, web.TLS, secure) }()
		c := Config{Kind: Mail, URL: "smtp://" + l.Addr().String(), From: "north@a.example", To: []string{"ann@a.example", "bob@a.example"}, Roots: roots}
		if err := ring(t, c); err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(<-taken))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil || subject != "north: 2 open incidents Bcc: evil@example.org" || m.Header.Get("Bcc") != "" {
			t.Errorf("%v %v", m.Header, err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != message.Text+"\n" && strings.ReplaceAll(string(body), "\r\n", "\n") != message.Text {
			t.Errorf("%q %v", body, err)
		}
	}
}

// serveMail takes one message and returns it.
func serveMail(l net.Listener, cert *tls.Config, secure bool) string {
	conn, err := l.Accept()
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	say := func(s string) { fmt.Fprintf(conn, "%s\r\n", s) }
	say("220 here")
	var data strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return data.String()
		}
		switch verb := strings.ToUpper(strings.TrimSpace(line)); {
		case strings.HasPrefix(verb, "EHLO"):
			if _, encrypted := conn.(*tls.Conn); secure && !encrypted {
				say("250-here")
				say("250 STARTTLS")
			} else {
				say("250 here")
			}
		case verb == "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, cert)
			r = bufio.NewReader(conn)
		case verb == "DATA":
			say("354 go on")
			for {
				line, err := r.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				data.WriteString(strings.TrimPrefix(line, "."))
			}
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			if _, encrypted := conn.(*tls.Conn); secure != encrypted {
				return "not encrypted"
			}
			return data.String()
		default:
			say("250 yes")
		}
	}
}
