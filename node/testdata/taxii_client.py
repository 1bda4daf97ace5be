# A walk through a node's TAXII server with taxii2-client and stix2's
# TAXIICollectionStore. Arguments: discovery URL, account, secret.
# The collection "own" is empty at first; any surprise ends with a traceback.
import datetime
import sys

import requests
import stix2
from stix2.datastore.taxii import TAXIICollectionStore
from taxii2client.v21 import Server, as_pages

url, user, secret = sys.argv[1:]
server = Server(url, user=user, password=secret)
assert server.title == "north", server.title
root = server.default
assert root.url == server.api_roots[0].url
assert root.max_content_length > 0
assert root.versions == ["application/taxii+json;version=2.1"], root.versions

by_alias = {c.alias: c for c in root.collections}
assert {"own", "accepted", "south"} <= set(by_alias), by_alias
assert [c.id for c in root.collections] == sorted(c.id for c in root.collections)
own = by_alias["own"]
assert own.can_read and own.can_write
assert by_alias["accepted"].can_read and not by_alias["accepted"].can_write
own.refresh()
assert own.get_objects() == {}, "not empty"
assert own.get_manifest() == {}

# Add with the client, read the status.
created = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
indicators = [
    stix2.v21.Indicator(
        id="indicator--00000000-0000-4000-8000-%012d" % n, created=created, modified=created,
        pattern="[domain-name:value = 'host%d.example']" % n, pattern_type="stix", valid_from=created,
        object_marking_refs=[stix2.TLP_GREEN], name="Ünïcode %d" % n)
    for n in range(30)
]
envelope = '{"objects":[%s,{"type":"poison"}]}' % ",".join(i.serialize() for i in indicators)
status = own.add_objects(envelope.encode(), wait_for_completion=True)
assert status.status == "complete" and status.success_count == 30 and status.failure_count == 1, status._raw
again = root.get_status(status.id)
assert again._raw == status._raw

# Walk in pages, by next and by added_after.
for per_request in (1, 7, 30, 100):
    seen = []
    for page in as_pages(own.get_objects, per_request=per_request):
        seen += [o["id"] for o in page.get("objects", [])]
    assert seen == [i.id for i in indicators], (per_request, len(seen))
    seen = []
    for page in as_pages(own.get_manifest, per_request=per_request):
        seen += [o["id"] for o in page.get("objects", [])]
    assert seen == [i.id for i in indicators], (per_request, len(seen))
dates = [o["date_added"] for o in own.get_manifest()["objects"]]
assert dates == sorted(set(dates))
later = own.get_objects(added_after=dates[9])["objects"]
assert [o["id"] for o in later] == [i.id for i in indicators[10:]]
assert own.get_objects(added_after=dates[-1]) == {}

# stix2's store: add, versions, filters, get.
store = TAXIICollectionStore(own, items_per_page=9)
newer = indicators[3].new_version(name="another")
malware = stix2.v21.Malware(name="m", is_family=False, object_marking_refs=[stix2.TLP_GREEN])
domain = stix2.v21.DomainName(value="host.example", object_marking_refs=[stix2.TLP_GREEN])
note = stix2.v21.Note(content="seen", object_refs=[malware.id], object_marking_refs=[stix2.TLP_GREEN])
store.add([newer, malware, domain, note])
assert store.get(newer.id).name == "another"
assert store.get(malware.id) == malware
assert store.get(domain.id) == domain
assert store.get("malware--00000000-0000-4000-8000-000000000099") is None
assert {o.name for o in store.all_versions(newer.id)} == {"another", "Ünïcode 3"}
assert len(store.query([])) == 33
assert [o.id for o in store.query([stix2.Filter("type", "=", "malware")])] == [malware.id]
assert [o.id for o in store.query([stix2.Filter("id", "=", note.id)])] == [note.id]
assert [o.name for o in store.query([stix2.Filter("name", "=", "another")])] == ["another"]
assert [o["modified"] for o in own.get_object(newer.id, version="first")["objects"]] == ["2026-01-01T00:00:00.000Z"]
versions = own.object_versions(newer.id)["versions"]
assert len(versions) == 2 and versions[0] == "2026-01-01T00:00:00.000Z", versions
assert len(own.get_objects(type="indicator", version="all")["objects"]) == 31
assert own.get_objects(spec_version="2.0") == {}

# The bytes are those that were sent.
raw = requests.get(own.objects_url + indicators[5].id + "/", auth=(user, secret), headers={"Accept": "application/taxii+json"})
assert indicators[5].serialize() in raw.text, raw.text
assert raw.headers["Content-Type"] == "application/taxii+json;version=2.1"

# A bearer token is as good as the password.
bearer = {"Authorization": "Bearer " + secret, "Accept": "application/taxii+json;version=2.1"}
assert requests.get(url, headers=bearer).json()["title"] == "north"
assert requests.get(url, headers={"Authorization": "Bearer x"}).status_code == 401

# Delete a version, then all of an object.
own.delete_object(newer.id, version=versions[1])
assert own.object_versions(newer.id)["versions"] == versions[:1]
own.delete_object(newer.id)
assert store.get(newer.id) is None
assert newer.id not in [o["id"] for o in own.get_manifest()["objects"]]
try:
    own.delete_object(newer.id)
    raise AssertionError("deleted twice")
except requests.HTTPError as e:
    assert e.response.status_code == 404
print("done")
