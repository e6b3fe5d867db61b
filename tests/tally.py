#!/usr/bin/python3
"""Counts what a ctest run has shown, case by case, and prints what failed.

    tests/tally.py JUNIT CASES STATUS

JUNIT is ctest's report; CASES a folder of GoogleTest's own reports, TEST.xml for the ctest test named TEST;
STATUS ctest's exit status. A test with a report counts as its cases, any other as one. Skipped, disabled and not
built count as failed: they did not show what they are there to show. The last line is "N passed, N failed".
"""

import os
import sys
import xml.etree.ElementTree as ElementTree


def read(path):
    """The root of an XML report; None where there is none, or half of one."""
    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None


def cases_of(report):
    """(passed, messages of the failed) of a GoogleTest report."""
    passed, failed = 0, []
    for case in report.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        messages = [failure.get("message", "") for failure in case.iter("failure")]
        if messages:
            failed.append(f"{name} failed:\n" + "\n".join(messages))
        elif case.get("status") != "run" or case.get("result") != "completed":
            failed.append(f"{name} did not run: {case.get('result', 'disabled')}")
        else:
            passed += 1
    return passed, failed


def tally(junit, folder, status):
    """(passed, messages of the failed) of a whole run."""
    passed, failed = 0, []
    for test in junit.iter("testcase") if junit is not None else ():
        name, ran = test.get("name"), test.get("status") == "run"
        report = read(os.path.join(folder, f"{name}.xml"))
        if report is None:
            passed += ran
            failed += [] if ran else [f"{name}: {test.get('status')}, see above"]
            continue
        cases, messages = cases_of(report)
        passed += cases
        failed += messages
        if not ran and not messages:
            failed.append(f"{name}: its cases passed, the program failed, see above")
    if junit is None:
        failed.append("ctest left no report")
    elif status != 0 and not failed:
        failed.append(f"ctest ended with {status}")
    return passed, failed


def main():
    junit, folder, status = sys.argv[1:]
    passed, failed = tally(read(junit), folder, int(status))
    for message in failed:
        print(message)
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
