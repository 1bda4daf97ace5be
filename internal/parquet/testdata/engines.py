# usage: engines.py ENGINE FILE: asks an engine about a Parquet file of a
# segment and prints its columns with their types, sums, and one row, as JSON.
import json
import sys

engine, path = sys.argv[1:]
sums = """
  count(*), sum(line), sum("offset"), count(time), count(source_port), count(domain), count(DISTINCT domain),
  count(url), sum({len}(fields)), sum({len}(observables)), sum({len}(hashes)), min({micros}), max({micros})"""
row = """
  {micros}, dataset, source, path, generation, line, "offset", size, source_ip, source_port, destination_ip, domain,
  hashes, fields[{last}].name, fields[{last}].value, observables[1].field, observables[1].type, observables[1].value
  FROM {file} WHERE line = 5"""

if engine == "duckdb":
    import duckdb

    words = {"len": "len", "micros": "epoch_us(time)", "last": "-1", "file": "'%s'" % path}

    def ask(query):
        return [list(r) for r in duckdb.sql(query.format(**words)).fetchall()]

    types = {r[0]: r[1] for r in ask("DESCRIBE SELECT * FROM {file}")}
else:
    import chdb

    words = {"len": "length", "micros": "toUnixTimestamp64Micro(time)", "last": "-1", "file": "file('%s', 'Parquet')" % path}

    def ask(query):
        out = str(chdb.query(query.format(**words), "JSONCompact"))
        return json.loads(out)["data"]

    types = {r[0]: r[1] for r in ask("DESCRIBE {file}")}


def number(v):
    return int(v) if isinstance(v, str) and v.lstrip("-").isdigit() else v


print(json.dumps({
    "types": types,
    "sums": [number(v) for v in ask("SELECT" + sums + " FROM {file}")[0]],
    "row": [number(v) for v in ask("SELECT" + row)[0]],
}, default=int))
