"""Drives a server as scripts on PyMISP do: URL and key are the arguments."""
import datetime
import sys
import uuid

from pymisp import MISPAttribute, MISPEvent, MISPObject, MISPSighting, PyMISP

url, key = sys.argv[1], sys.argv[2]
misp = PyMISP(url, key, ssl=sys.argv[3] if len(sys.argv) > 3 else True)


def check(what, got, want=True):
    if got != want:
        sys.exit(f"{what}: {got!r}, want {want!r}")


def fault(what, answer, status):
    if not (isinstance(answer, dict) and "errors" in answer and answer["errors"][0] == status):
        sys.exit(f"{what}: {answer!r}, want an error {status}")


# Add.
event = MISPEvent()
event.info = "Spear phish against county offices"
event.distribution = 0
event.threat_level_id = 2
event.analysis = 1
event.set_date("2026-11-20")
event.add_tag("tlp:amber")
event.add_tag('estimative-language:likelihood-probability="likely"')
domain = event.add_attribute("domain", "adfs-county.example", to_ids=True, comment="look-alike")
event.add_attribute("ip-dst|port", "198.51.100.7|8080", to_ids=True)
event.add_attribute("link", "https://report.example/1", to_ids=False)
sample = MISPObject("file")
sample.add_attribute("filename", "invoice.exe")
sample.add_attribute("sha256", "a" * 64, to_ids=True)
event.add_object(sample)
made = misp.add_event(event, pythonify=True)
check("uuid kept", made.uuid, event.uuid)
check("attributes kept", len(made.attributes), 3)
check("object kept", [a.value for a in made.objects[0].attributes], ["invoice.exe", "a" * 64])
fault("added twice", misp.add_event(event), 409)
check("exists", misp.event_exists(made))
check("a stranger does not", misp.event_exists(str(uuid.uuid4())), False)

# Read back, by uuid and by number.
for ref in (made.uuid, made.id):
    got = misp.get_event(ref, pythonify=True)
    check("info", got.info, event.info)
    check("tags", sorted(t.name for t in got.tags), sorted(t.name for t in event.tags))
    check("date", str(got.date), "2026-11-20")
fault("none such", misp.get_event(str(uuid.uuid4())), 404)

# Search.
for what, query, want in [
    ("value", dict(value="adfs-county.example"), 1),
    ("part of a composite", dict(value="198.51.100.7"), 1),
    ("wildcard", dict(value="adfs-%"), 1),
    ("no such", dict(value="nowhere.example"), 0),
    ("type", dict(value="adfs-county.example", type_attribute="domain"), 1),
    ("other type", dict(value="adfs-county.example", type_attribute="url"), 0),
    ("tag", dict(tags=["tlp:amber"], eventinfo="Spear%"), 1),
    ("not tag", dict(uuid=made.uuid, tags=["!tlp:amber"]), 0),
    ("complex", dict(uuid=made.uuid, tags=misp.build_complex_query(or_parameters=["tlp:amber", "tlp:red"], not_parameters=["tlp:clear"])), 1),
    ("recent", dict(uuid=made.uuid, timestamp="1d"), 1),
    ("future", dict(uuid=made.uuid, timestamp=datetime.datetime.now() + datetime.timedelta(days=2)), 0),
    ("uuid", dict(uuid=made.uuid), 1),
    ("number", dict(eventid=made.id), 1),
    ("by date", dict(uuid=made.uuid, date_from="2026-11-19", date_to="2026-11-21"), 1),
    ("published", dict(uuid=made.uuid, published=True), 0),
    ("metadata", dict(uuid=made.uuid, metadata=True), 1),
]:
    found = misp.search("events", pythonify=True, **query)
    if not isinstance(found, list):
        sys.exit(f"search by {what}: {found!r}")
    check(f"search by {what}", len(found), want)
for what, query, want in [
    ("value", dict(value="adfs-county.example"), 1),
    ("to_ids", dict(uuid=made.uuid, to_ids=1), 4),
    ("type", dict(eventid=made.id, type_attribute=["domain", "sha256"]), 2),
    ("page 1", dict(eventid=made.id, limit=3, page=1), 3),
    ("page 2", dict(eventid=made.id, limit=3, page=2), 2),
    ("page 3", dict(eventid=made.id, limit=3, page=3), 0),
    ("context", dict(value="adfs-county.example", include_context=True, include_event_tags=True), 1),
]:
    found = misp.search("attributes", pythonify=True, **query)
    if not isinstance(found, list):
        sys.exit(f"attributes by {what}: {found!r}")
    check(f"attributes by {what}", len(found), want)
check("event of an attribute", misp.search("attributes", value="adfs-county.example", pythonify=True)[0].Event.uuid, made.uuid)
fault("a filter that is not known", misp.search("events", no_such_filter=1), 400)
check("index", [e.uuid for e in misp.search_index(eventinfo="Spear phish%", pythonify=True)], [made.uuid])
check("minimal", {"uuid", "id", "timestamp", "published"} >= set(misp.search_index(minimal=True)[0]))
check("index by GET", made.uuid in [e["uuid"] for e in misp.events()])

# Change.
new = misp.add_attribute(made, MISPAttribute(), pythonify=False)
fault("an attribute without value", new, 400)
url_attribute = MISPAttribute()
url_attribute.from_dict(type="url", value="http://adfs-county.example/login", to_ids=True)
added = misp.add_attribute(made, url_attribute, pythonify=True)
check("attribute added", (added.uuid, added.value), (url_attribute.uuid, url_attribute.value))
fault("a similar one", misp.add_attribute(made, dict(type="url", value=url_attribute.value, category=added.category)), 400)
check("read alone", misp.get_attribute(added.uuid, pythonify=True).value, added.value)
check("by number", misp.get_attribute(added.id, pythonify=True).uuid, added.uuid)
more = misp.add_attribute(made, [dict(type="domain", value="one.example"), dict(type="domain", value="two.example")], pythonify=True)
check("a list added", [a.value for a in more["attributes"]], ["one.example", "two.example"])
now = misp.get_event(made, pythonify=True)
check("all in the event", len(now.attributes), 6)
now.info = "Spear phish, second wave"
check("info changed", misp.update_event(now, pythonify=True).info, "Spear phish, second wave")
added.comment = "landing page"
check("comment changed", misp.update_attribute(added, pythonify=True).comment, "landing page")
misp.delete_attribute(more["attributes"][0])
check("withdrawn is not shown", "one.example" in [a.value for a in misp.get_event(made, pythonify=True).attributes], False)
check("but on request", "one.example" in [a.value for a in misp.get_event(made, deleted=True, pythonify=True).attributes])
misp.tag(domain.uuid, 'misp-galaxy:threat-actor="Sofacy"')
check("tagged", [t.name for t in misp.get_attribute(domain.uuid, pythonify=True).tags], ['misp-galaxy:threat-actor="Sofacy"'])
check("tags", "tlp:amber" in [t.name for t in misp.tags(pythonify=True)])
check("tags found", [t.name for t in misp.search_tags("tlp:%", pythonify=True)], ["tlp:amber"])

# Sight.
seen = misp.add_sighting({"type": "0", "source": "proxy"}, domain.uuid, pythonify=True)
check("sighting", (seen.type, seen.source), ("0", "proxy"))
wrong = MISPSighting()
wrong.from_dict(value="adfs-county.example", type="1")
misp.add_sighting(wrong)
misp.add_sighting({"type": "2", "uuid": domain.uuid, "date_sighting": "1800000000"})
fault("an unknown type", misp.add_sighting({"type": "7"}, domain.uuid), 400)
whole = misp.get_event(made, pythonify=True)
listed = misp.sightings(next(a for a in whole.attributes if a.uuid == domain.uuid), pythonify=True)
check("sightings", sorted(s.type for s in listed), ["0", "1", "2"])
check("sightings of the event", len(misp.sightings(whole, pythonify=True)), 3)
check("false positives", len(misp.search_sightings(context="attribute", context_id=domain.uuid, type_sighting="1", pythonify=True)), 1)

# What no tool may do.
answer = misp.publish(made)
fault("publish", answer, 400)

# Take back.
answer = misp.delete_event(made)
if "errors" in answer:
    sys.exit(f"delete: {answer}")
check("gone", misp.event_exists(made), False)
check("gone from searches", misp.search("events", uuid=made.uuid, pythonify=True), [])
print("PyMISP", misp.version["version"], "did all it was asked")
