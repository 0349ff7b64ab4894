"""The report: one HTML page about one or several runs, which needs no network and runs no code but its own.

run.py         what is told about a run
charts.py      curves as inline SVG
images.py      thumbnails as data URIs, within a budget
page.py        all of it into page.html.j2, by jinja2
watch.py       curves and pictures of a network that was watched
plain.py       a page without jinja2, with less on it
lesson.py      the page of a lesson, without jinja2, too

jinja2 is the extra `report`; it is imported only here.
"""
