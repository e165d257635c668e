"""./benchmark: builds everything, measures it, prints one table. bench/README.md tells how to read it."""

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import replace

from harness import attacks, build, faults, goals, measure, mutants, selftest, soak, table, two_nodes
from harness.places import RESULTS, ROOT, allow_many_files, cores
from harness.scenarios import IDLE_ROOMS, IDLE_SUBSCRIBERS, SCENARIOS
from harness.servers import SERVERS, Server


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmark", description="Measures Tidings beside its peers.")
    parser.add_argument("--quick", action="store_true", help="one round of three short windows, the main servers and scenarios (under five minutes)")
    parser.add_argument("--only", metavar="NAMES", help="servers, separated by commas: " + ", ".join(s.name for s in SERVERS))
    parser.add_argument("--scenario", metavar="NAMES", help="scenarios, separated by commas: " + ", ".join(s.name for s in SCENARIOS) + f"; by itself {two_nodes.NAME}: two nodes on Redis")
    parser.add_argument("--patient", metavar="SECONDS", type=float, default=0, help="wait so long before each scenario for a quiet machine")
    parser.add_argument("--save", action="store_true", help="keep the table, and every sample as JSON, in bench/results/")
    parser.add_argument("--faults", metavar="SCENARIO", nargs="*", help="break things instead, and count what is lost: F1 F3 ..., or all; --quick for the short form")
    parser.add_argument("--seed", type=int, default=1, help="of the faults and the mutants (1)")
    parser.add_argument("--soak", metavar="MINUTES", type=int, nargs="?", const=30, help="2,000 connections of which a tenth is exchanged each minute: what does the server hold?")
    parser.add_argument("--attack", metavar="NAME", nargs="*", help="attack a server with 120 MB for a minute each, and ask those beside it; --quick for five seconds")
    parser.add_argument("--mutants", metavar="AREA", nargs="*", help="plant small faults in the sources and see which ones the tests notice: protocol patterns tokens ..., or all; --quick for a fifth of them")
    parser.add_argument("--like", metavar="TEXT", help="of the mutants only those, but all of them, that have this text in what is printed")
    parser.add_argument("--again", action="store_true", help="with --mutants: take what was planted and built the last time")
    parser.add_argument("--selftest", action="store_true", help="a server that lies must be caught")
    return parser.parse_args()


def chosen(entries: list, names: str | None, what: str, is_quick: bool) -> list:
    if not names:
        return [entry for entry in entries if entry.is_quick or not is_quick]
    wanted = names.split(",")
    if unknown := set(wanted) - {entry.name for entry in entries}:
        raise SystemExit(f"benchmark: no {what} called {', '.join(sorted(unknown))}")
    return [entry for entry in entries if entry.name in wanted]


def prepared(servers: list[Server]) -> list[Server]:
    ready = []
    for server in servers:
        try:
            server.prepare()
            ready.append(server)
        except build.BuildFailed as failed:
            print(f"left out: {server.title}: {failed}", flush=True)
    return ready


def machine() -> dict[str, str]:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return {"processor": model, "cores": str(os.cpu_count()), "kernel": platform.release(), "date": time.strftime("%Y-%m-%d")}


def save(report: str, here: dict[str, str], results: dict[tuple[str, str], measure.Figures]) -> None:
    name = RESULTS / time.strftime("%Y-%m-%d-%H%M")
    name.with_suffix(".txt").write_text(report + "\n", encoding="utf-8")
    name.with_suffix(".json").write_text(json.dumps({"machine": here, "results": [
        {"server": server, "scenario": scenario, "trouble": figures.trouble, "samples": figures.samples}
        for (server, scenario), figures in results.items()]}, indent=1) + "\n", encoding="utf-8")
    print(f"\nKept as {name.relative_to(ROOT)}.txt and .json")


def main() -> int:
    options = arguments()
    files = allow_many_files()
    if options.selftest:
        return selftest.run()
    if options.faults is not None:
        return faults.run(options.faults, options.seed, options.quick)

    if options.mutants is not None:
        return mutants.run(options.mutants, options.seed, options.quick, options.like, options.again)

    if options.attack is not None:
        return attacks.run(options.attack, options.quick)

    if options.soak:
        return soak.run(options.soak)

    if options.scenario == two_nodes.NAME:
        build.c_programs()
        build.dotnet_project(ROOT / "src" / "Tidings.Server" / "Tidings.Server.csproj")
        return two_nodes.run(options.quick)

    pace = replace(measure.QUICK if options.quick else measure.FULL, patience=options.patient)
    scenarios = chosen(SCENARIOS, options.scenario, "scenario", options.quick)
    if files < IDLE_ROOMS * IDLE_SUBSCRIBERS + 500:
        print(f"left out: idle connections: only {files} files may be open", flush=True)
        scenarios = [scenario for scenario in scenarios if scenario.kind != "idle"]

    build.c_programs()
    servers = prepared(chosen(SERVERS, options.only, "server", options.quick))
    results: dict[tuple[str, str], measure.Figures] = {}
    for number in range(pace.rounds):
        for server in servers:
            print(f"round {number + 1} of {pace.rounds}: {server.title}", file=sys.stderr, flush=True)
            measure.measure_server(server, scenarios, cores(), pace, results)

    here = machine()
    report = "\n".join([
        f"{here['processor']}, {here['cores']} cores, Linux {here['kernel']}; the server on one core, the load generator on another; "
        f"medians of {pace.rounds * pace.windows} windows of {pace.seconds:g} s",
        table.render(servers, scenarios, results), *goals.check(results)])
    print(report)
    if options.save:
        save(report, here, results)
    return 1 if any(figures.trouble for figures in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
