package scenario

import (
	"fmt"
	"strings"
	"time"
)

// zeek begins a Zeek log in its tab-separated form: path, then "name:type" of each column.
func (g *generator) zeek(path string, columns ...string) log {
	var names, types []string
	for _, c := range columns {
		n, t, _ := strings.Cut(c, ":")
		names, types = append(names, n), append(types, t)
	}
	return log{
		name: path + ".log",
		header: []string{
			`#separator \x09`, "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\t" + path,
			"#open\t" + g.base.Format("2006-01-02-15-04-05"),
			"#fields\t" + strings.Join(names, "\t"), "#types\t" + strings.Join(types, "\t"),
		},
		footer: []string{"#close\t" + g.base.Add(Length).Format("2006-01-02-15-04-05")},
	}
}

// tuple are the columns that most Zeek logs begin with.
var tuple = []string{"ts:time", "uid:string", "id.orig_h:addr", "id.orig_p:port", "id.resp_h:addr", "id.resp_p:port"}

func (g *generator) row(l *log, at time.Time, from, to string, port int, rest []string, facts ...fact) {
	cells := []string{
		fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000), "C" + g.text(17, base62),
		from, fmt.Sprint(g.port()), to, fmt.Sprint(port),
	}
	l.add(at, strings.Join(append(cells, rest...), "\t"), append(facts, addr(from), addr(to))...)
}

func (g *generator) zeekDNS() log {
	return g.zeek("dns", append(tuple[:6:6], "proto:enum", "trans_id:count", "rtt:interval", "query:string", "qclass:count",
		"qclass_name:string", "qtype:count", "qtype_name:string", "rcode:count", "rcode_name:string", "AA:bool", "TC:bool", "RD:bool",
		"RA:bool", "Z:count", "answers:vector[string]", "TTLs:vector[interval]", "rejected:bool")...)
}

func (g *generator) ask(l *log, at time.Time, host, asked, answer string) {
	rcode, rname, ttl, facts := "0", "NOERROR", fmt.Sprintf("%d.000000", g.between(30, 3600)), []fact{name(strings.ToLower(asked))}
	if answer == "" {
		rcode, rname, ttl, answer = "3", "NXDOMAIN", "-", "-"
	} else {
		facts = append(facts, addr(answer))
	}
	g.row(l, at, host, southDNS, 53, []string{
		"udp", fmt.Sprint(g.rng.IntN(1 << 16)), fmt.Sprintf("0.%06d", g.between(300, 90000)), asked, "1", "C_INTERNET", "1", "A",
		rcode, rname, "F", "F", "T", "T", "0", answer, ttl, "F",
	}, facts...)
}

func (g *generator) zeekSSL() log {
	return g.zeek("ssl", append(tuple[:6:6], "version:string", "cipher:string", "curve:string", "server_name:string", "resumed:bool",
		"last_alert:string", "next_protocol:string", "established:bool", "ssl_history:string", "cert_chain_fps:vector[string]",
		"client_cert_chain_fps:vector[string]", "sni_matches_cert:bool", "validation_status:string")...)
}

func (g *generator) secure(l *log, at time.Time, host, server, sni string) {
	facts := []fact{}
	if sni != "-" {
		facts = append(facts, name(sni))
	}
	fingerprint := g.text(64, hexes)
	g.row(l, at, host, server, 443, []string{
		"TLSv13", "TLS_AES_256_GCM_SHA384", "x25519", sni, "F", "-", "h2", "T", "CsxknGIi", fingerprint, "(empty)", "T", "ok",
	}, append(facts, hashed(fingerprint))...)
}

func (g *generator) zeekHTTP() log {
	return g.zeek("http", append(tuple[:6:6], "trans_depth:count", "method:string", "host:string", "uri:string", "referrer:string",
		"version:string", "user_agent:string", "origin:string", "request_body_len:count", "response_body_len:count", "status_code:count",
		"status_msg:string", "info_code:count", "info_msg:string", "tags:set[enum]", "username:string", "password:string",
		"proxied:set[string]", "resp_fuids:vector[string]", "resp_mime_types:vector[string]")...)
}

func (g *generator) plain(l *log, at time.Time, client, server, method, host, uri string) {
	g.row(l, at, client, server, 80, []string{
		"1", method, host, uri, "-", "1.1", g.agent(), "-", "0", fmt.Sprint(g.between(200, 40000)), "200", "OK", "-", "-", "(empty)", "-", "-",
		"-", "F" + g.text(17, base62), "text/html",
	}, name(host), link(host+uri))
}

func (g *generator) zeekSMTP() log {
	return g.zeek("smtp", append(tuple[:6:6], "trans_depth:count", "helo:string", "mailfrom:string", "rcptto:set[string]", "date:string",
		"from:string", "to:set[string]", "cc:set[string]", "reply_to:string", "msg_id:string", "in_reply_to:string", "subject:string",
		"x_originating_ip:addr", "first_received:string", "second_received:string", "last_reply:string", "path:vector[addr]",
		"user_agent:string", "tls:bool", "fuids:vector[string]", "is_webmail:bool")...)
}

func (g *generator) letter(l *log, at time.Time, relay, from, display, to, subject, fuid string) {
	domain := from[strings.IndexByte(from, '@')+1:]
	g.row(l, at, relay, southMail, 25, []string{
		"1", "mx." + domain, from, to, at.Format(time.RFC1123Z), display + " <" + from + ">", to, "-", "-",
		"<" + g.text(20, base62) + "@" + domain + ">", "-", subject, "-", "-", "-", "250 2.0.0 Ok: queued", southMail + "," + relay,
		"-", "F", fuid, "F",
	}, mail(from), mail(to), name("mx."+domain))
}

func (g *generator) zeekFiles() log {
	return g.zeek("files", "ts:time", "fuid:string", "uid:string", "id.orig_h:addr", "id.orig_p:port", "id.resp_h:addr", "id.resp_p:port",
		"source:string", "depth:count", "analyzers:set[string]", "mime_type:string", "filename:string", "duration:interval",
		"local_orig:bool", "is_orig:bool", "seen_bytes:count", "total_bytes:count", "missing_bytes:count", "overflow_bytes:count",
		"timedout:bool", "parent_fuid:string", "md5:string", "sha1:string", "sha256:string", "extracted:string")
}

func (g *generator) file(l *log, at time.Time, from, to, source, fuid, mime, called, sha256 string) {
	md5, sha1, size := g.text(32, hexes), g.text(40, hexes), fmt.Sprint(g.between(900, 400000))
	port := 80
	if source == "SMTP" {
		port = 25
	}
	l.add(at, strings.Join([]string{
		fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000), fuid, "C" + g.text(17, base62), from, fmt.Sprint(g.port()), to, fmt.Sprint(port),
		source, "0", "MD5,SHA1,SHA256", mime, called, "0.014000", "F", "T", size, size, "0", "0", "F", "-", md5, sha1, sha256, "-",
	}, "\t"), addr(from), addr(to), hashed(md5), hashed(sha1), hashed(sha256))
}
