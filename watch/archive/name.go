package archive

// names are those of fields that many logs have, in stored records by their
// place here: a name is longer than most values. It only grows.
func names() []string {
	return []string{
		"source.ip", "source.port", "destination.ip", "destination.port", "network.transport", "network.protocol",
		"network.community_id", "observer.hostname", "observer.ingress.interface.name", "suricata.flow_id",
		"source.bytes", "destination.bytes", "source.packets", "destination.packets", "suricata.flow.state",
		"dns.question.name", "dns.question.type", "dns.answers.data", "dns.answers.name", "dns.response_code", "dns.type", "dns.id",
		"tls.client.server_name", "tls.version", "tls.client.ja3", "tls.client.ja4", "tls.server.ja3s", "tls.server.subject",
		"tls.server.issuer", "tls.server.hash.sha1", "tls.server.x509.serial_number",
		"http.request.method", "http.response.status_code", "http.response.body.bytes", "http.response.mime_type",
		"http.request.referrer", "http.version", "user_agent.original", "url.domain", "url.original", "url.full",
		"rule.name", "rule.id", "rule.category", "rule.version", "event.action", "event.type", "event.severity", "event.outcome", "event.code",
		"file.name", "file.path", "file.size", "file.hash.md5", "file.hash.sha1", "file.hash.sha256",
		"message", "user.name", "user.id", "host.hostname", "log.level", "source.domain", "network.forwarded_ip",
		"process.pid", "process.name", "process.executable", "process.command_line", "process.parent.pid",
	}
}

// nameTable has the names in both directions. Nothing changes it.
var nameTable = func() (t struct {
	list   []string
	number map[string]uint64 // counted from 1
},
) {
	t.list, t.number = names(), make(map[string]uint64)
	for i, name := range t.list {
		t.number[name] = uint64(i + 1)
	}
	return t
}()

// appendFieldName stores a name as its number, or as 0 and the name.
func appendFieldName(dst []byte, name string) []byte {
	if n := nameTable.number[name]; n > 0 {
		return append(dst, byte(n))
	}
	return appendText(append(dst, 0), name)
}

func (d *decoder) fieldName() string {
	switch n := d.number(); {
	case n == 0:
		return d.text()
	case n > uint64(len(nameTable.list)):
		d.fail()
		return ""
	default:
		return nameTable.list[n-1]
	}
}
