// Package observed maps events to the cyber-observable objects of STIX 2.1, so that patterns can be matched against live logs.
//
// One event is one observation, at the event's time. Fields are those of package event (ECS names); "value" objects
// come from the event's observables, in their canonical form.
//
//	object            properties, and the fields they come from
//	ipv4-addr         value: every IPv4 address among the observables (networks likewise)
//	ipv6-addr         value: every IPv6 address
//	domain-name       value: every name; resolves_to_refs of dns.question.name: the addresses in dns.answers.data
//	url               value: url.full as the log has it; of other fields, the text if it is a URL, else its canonical form
//	email-addr        value: every mail address
//	mac-addr          value: source.mac, destination.mac (lower case, colons)
//	network-traffic   src_ref, dst_ref: source.ip, destination.ip (or destination.domain); src_port, dst_port;
//	                  src_byte_count, dst_byte_count, src_packets, dst_packets: source.* and destination.*; start: the time;
//	                  protocols: ipv4 or ipv6, network.transport, network.protocol (lower case);
//	                  extensions.'http-request-ext': request_method (lower case), request_value (url.original),
//	                  request_version (http.version), request_header: User-Agent, Referer, Host (lists, as 2.1 has them)
//	email-message     from_ref, sender_ref, to_refs, cc_refs: email.from.address, email.sender.address, email.to.address,
//	                  email.cc.address; subject, message_id; additional_header_fields: X-Mailer, Reply-To (lists);
//	                  body_multipart[*].body_raw_ref: a file for each email.attachments.file.name
//	file              name, size, mime_type: file.*; hashes: file.hash.* (MD5, SHA-1, SHA-256); parent_directory_ref: of file.path.
//	                  A hash in any other field but of a certificate is a file of its own.
//	directory         path: of file.path and process.executable
//	process           pid, command_line, cwd (process.working_directory); image_ref: a file for process.executable;
//	                  parent_ref: process.parent.*; creator_user_ref: the user account
//	user-account      account_login, user_id: user.name, user.id; a second one for user.target.name
//	x509-certificate  subject, issuer, serial_number, hashes: tls.server.*; a second one for tls.client.subject and tls.client.hash
//
// Two properties are not in the specification, because indicators in the field ask for them: process:name
// (process.name) and file:path (file.path). Ids are good within the observation only, so that a pattern that names an
// id finds nothing. Objects that only exist to be referred to (the image of a process) can be matched by themselves too.
package observed
