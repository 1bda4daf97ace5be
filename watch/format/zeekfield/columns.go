package zeekfield

import "entente/watch/event"

func plain(name string) (Column, bool) { return Column{Name: name}, true }
func text(name string) (Column, bool)  { return Column{Name: name, Text: true}, true }
func as(name string, how event.As) (Column, bool) {
	return Column{Name: name, As: how}, true
}

// log is the columns of one log, as far as their meaning depends on it.
type log struct {
	path    string
	columns func(name string) (Column, bool)
}

// logs lists the logs that have such columns.
func logs() []log {
	return []log{
		{"dns", dns},
		{"http", http},
		{"ssl", ssl},
		{"x509", x509},
		{"smtp", smtp},
		{"files", files},
		{"conn", conn},
		{"notice", notice},
		{"weird", notice},
		{"known_hosts", known},
		{"software", known},
		{"known_services", known},
		{"known_certs", known},
		{"rdp", rdp},
		{"ntlm", ntlm},
		{"kerberos", kerberos},
		{"ftp", ftp},
		{"intel", intel},
	}
}

// Any returns the columns that a name stands for in the logs where it has a meaning of its own, and in all others.
func Any(name string) []Column {
	all := []Column{Of("", name)}
	for _, l := range logs() {
		all = append(all, Of(l.path, name))
	}
	return all
}

// special holds the columns whose meaning depends on the log.
func special(path, name string) (Column, bool) {
	for _, l := range logs() {
		if l.path == path {
			return l.columns(name)
		}
	}
	return Column{}, false
}

func known(name string) (Column, bool) {
	if name == "host" {
		return as("host.ip", event.Address)
	}
	return Column{}, false
}

func rdp(name string) (Column, bool) {
	if name == "cookie" {
		return plain("user.name")
	}
	return Column{}, false
}

func ntlm(name string) (Column, bool) {
	switch name {
	case "hostname":
		return plain("host.hostname")
	case "domainname":
		return plain("user.domain")
	case "server_dns_computer_name":
		return as("zeek.ntlm.server_dns_computer_name", event.Name)
	}
	return Column{}, false
}

func kerberos(name string) (Column, bool) {
	if name == "client" {
		return plain("user.name")
	}
	return Column{}, false
}

func ftp(name string) (Column, bool) {
	switch name {
	case "arg":
		return text("zeek.ftp.arg")
	case "command":
		return plain("event.action")
	}
	return Column{}, false
}

func intel(name string) (Column, bool) {
	if name == "seen.indicator" {
		return as("zeek.intel.seen.indicator", event.Host)
	}
	return Column{}, false
}

// shared holds the columns that mean the same in every log.
func shared(name string) (Column, bool) {
	switch name {
	case "ts", "_path", "_write_ts", "_system_name", "rtt", "TTLs":
		return Column{}, true
	case "uid":
		return plain("event.id")
	case "id.orig_h":
		return as("source.ip", event.Address)
	case "id.orig_p":
		return plain("source.port")
	case "id.resp_h":
		return as("destination.ip", event.Address)
	case "id.resp_p":
		return plain("destination.port")
	case "proto":
		return plain("network.transport")
	case "service":
		return plain("network.protocol")
	case "user", "username":
		return plain("user.name")
	case "user_agent":
		return text("user_agent.original")
	case "community_id":
		return plain("network.community_id")
	case "md5":
		return as("file.hash.md5", event.Hash)
	case "sha1":
		return as("file.hash.sha1", event.Hash)
	case "sha256":
		return as("file.hash.sha256", event.Hash)
	}
	return Column{}, false
}

func dns(name string) (Column, bool) {
	switch name {
	case "query":
		return as("dns.question.name", event.Name)
	case "qtype_name":
		return plain("dns.question.type")
	case "qclass_name":
		return plain("dns.question.class")
	case "rcode_name":
		return plain("dns.response_code")
	case "trans_id":
		return plain("dns.id")
	case "answers":
		return Column{Name: "dns.answers.data", As: event.Host, Text: true}, true
	default:
		return Column{}, false
	}
}

func http(name string) (Column, bool) {
	switch name {
	case "method":
		return plain("http.request.method")
	case "host":
		return as("url.domain", event.Host)
	case "uri":
		return text("url.original")
	case "referrer":
		return as("http.request.referrer", event.URL)
	case "version":
		return plain("http.version")
	case "status_code":
		return plain("http.response.status_code")
	case "response_body_len":
		return plain("http.response.body.bytes")
	case "resp_mime_types":
		return plain("http.response.mime_type")
	case "proxied":
		return text("network.forwarded_ip")
	default:
		return Column{}, false
	}
}

func ssl(name string) (Column, bool) {
	switch name {
	case "server_name":
		return as("tls.client.server_name", event.Host)
	case "version":
		return plain("tls.version")
	case "cipher":
		return plain("tls.cipher")
	case "curve":
		return plain("tls.curve")
	case "next_protocol":
		return plain("tls.next_protocol")
	case "subject":
		return plain("tls.server.subject")
	case "issuer":
		return plain("tls.server.issuer")
	case "cert_chain_fps":
		return as("tls.server.hash.sha256", event.Hash)
	case "client_cert_chain_fps":
		return as("tls.client.hash.sha256", event.Hash)
	case "ja3":
		return plain("tls.client.ja3")
	case "ja4":
		return plain("tls.client.ja4")
	case "ja3s":
		return plain("tls.server.ja3s")
	default:
		return Column{}, false
	}
}

func x509(name string) (Column, bool) {
	switch name {
	case "fingerprint":
		return as("zeek.x509.fingerprint", event.Hash)
	case "certificate.subject":
		return plain("x509.subject.distinguished_name")
	case "certificate.issuer":
		return plain("x509.issuer.distinguished_name")
	case "certificate.serial":
		return plain("x509.serial_number")
	case "san.dns":
		return as("x509.alternative_names", event.Host)
	case "san.email":
		return as("x509.alternative_names", event.Email)
	case "san.uri":
		return as("x509.alternative_names", event.URL)
	case "san.ip":
		return as("x509.alternative_names", event.Address)
	default:
		return Column{}, false
	}
}

func smtp(name string) (Column, bool) {
	switch name {
	case "helo":
		return as("zeek.smtp.helo", event.Host)
	case "mailfrom":
		return as("email.sender.address", event.Email)
	case "rcptto", "to":
		return as("email.to.address", event.Email)
	case "from":
		return as("email.from.address", event.Email)
	case "cc":
		return as("email.cc.address", event.Email)
	case "reply_to":
		return as("email.reply_to.address", event.Email)
	case "subject":
		return plain("email.subject")
	case "msg_id":
		return plain("email.message_id")
	case "user_agent":
		return plain("email.x_mailer")
	case "first_received", "second_received":
		return text("zeek.smtp.received")
	default:
		return Column{}, false
	}
}

func files(name string) (Column, bool) {
	switch name {
	case "tx_hosts":
		return as("source.ip", event.Address)
	case "rx_hosts":
		return as("destination.ip", event.Address)
	case "filename":
		return plain("file.name")
	case "mime_type":
		return plain("file.mime_type")
	case "total_bytes":
		return plain("file.size")
	default:
		return Column{}, false
	}
}

func conn(name string) (Column, bool) {
	switch name {
	case "orig_bytes":
		return plain("source.bytes")
	case "resp_bytes":
		return plain("destination.bytes")
	case "orig_pkts":
		return plain("source.packets")
	case "resp_pkts":
		return plain("destination.packets")
	default:
		return Column{}, false
	}
}

func notice(name string) (Column, bool) {
	switch name {
	case "note":
		return plain("rule.name")
	case "name":
		return plain("event.action")
	case "msg":
		return text("message")
	case "sub":
		return text("zeek.notice.sub")
	default:
		return Column{}, false
	}
}
