#!/usr/bin/env python3
"""Generates extract/html_tags.h and extract/html_names_table.h: ids of tag and attribute names, the table each name is
found by (perfect hashes over the first 16 bytes) and the standard's adjustments for SVG and MathML.

usage: python3 extract/gen/html_names.py            (writes beside the sources)
"""
import pathlib
import random
import re

HERE = pathlib.Path(__file__).resolve().parent.parent

# Elements of the HTML standard (index of elements, obsolete features §16.2) and those the parsing rules name.
HTML_TAGS = """a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote
body br button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog dir
div dl dt element em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header
hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing main map mark marquee menu
menuitem meta meter multicol nav nextid nobr noembed noframes noscript object ol optgroup option output p param picture
plaintext portal pre progress q rb rbc rp rt rtc ruby s samp script search section select selectedcontent shadow slot
small source spacer span strike strong style sub summary sup table tbody td template textarea tfoot th thead time title
tr track tt u ul var video wbr xmp""".split()
SVG_TAGS = """svg animate animatemotion animatetransform circle clippath defs desc ellipse filter foreignobject g line
lineargradient marker mask metadata path pattern polygon polyline radialgradient rect set stop switch symbol text
textpath tspan use view""".split()
MATHML_TAGS = """math annotation annotation-xml maction malignmark menclose merror mfrac mfenced mglyph mi mmultiscripts
mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr
munder munderover semantics""".split()
CUSTOM_TAGS = """amp-ad amp-embed amp-iframe amp-img amp-video""".split()

ATTRS = """class id href src rel name property content itemprop itemtype itemscope itemid role type lang xml:lang datetime
title alt style hidden aria-hidden aria-label aria-labelledby aria-expanded aria-modal http-equiv charset value action
method for color face size encoding width height srcset sizes media data-src data-srcset data-original data-component
data-testid data-test data-qa data-type data-id data-name data-module data-widget data-role data-url data-href data-title
data-date data-time data-timestamp data-author data-text data-content data-track data-ad data-toggle data-module-name
data-label data-block data-tracking data-analytics data-component-name data-nosnippet data-article-body data-content-type
typeof about resource vocab prefix pubdate cite align bgcolor target onclick tabindex dir colspan rowspan border
cellpadding cellspacing valign placeholder checked selected disabled open async defer integrity crossorigin loading d
viewbox fill xmlns definitionurl xlink:href clip itemref translate datetime-local shadowrootmode label start poster
controls autoplay multiple""".split()

SVG_TAG_CASE = """altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath feBlend
feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight
feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset
fePointLight feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef linearGradient radialGradient
textPath""".split()
SVG_ATTR_CASE = """attributeName attributeType baseFrequency baseProfile calcMode clipPathUnits diffuseConstant edgeMode
filterUnits glyphRef gradientTransform gradientUnits kernelMatrix kernelUnitLength keyPoints keySplines keyTimes
lengthAdjust limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits numOctaves pathLength
patternContentUnits patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio
primitiveUnits refX refY repeatCount repeatDur requiredExtensions requiredFeatures specularConstant specularExponent
spreadMethod startOffset stdDeviation stitchTiles surfaceScale systemLanguage tableValues targetX targetY textLength
viewBox viewTarget xChannelSelector yChannelSelector zoomAndPan""".split()


def unique(names):
    return list(dict.fromkeys(names))


def enum_name(prefix, name):
    return prefix + re.sub(r"[^A-Z0-9]", "_", name.upper())


def key(name):
    raw = name.encode().ljust(16, b"\0")
    return int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:], "little")


MASK = (1 << 64) - 1


def slot(name, k1, k2, bits):
    low, high = key(name)
    return (((low ^ (high * k1 & MASK)) * k2) & MASK) >> (64 - bits)


def perfect(names, bits):
    """Two odd multipliers without a collision, found by trial with a fixed seed."""
    rng = random.Random(1)
    while True:
        k1, k2 = rng.getrandbits(64) | 1, rng.getrandbits(64) | 1
        seen = set()
        for name in names:
            at = slot(name, k1, k2, bits)
            if at in seen:
                break
            seen.add(at)
        else:
            return k1, k2


def rows(values, per_line=20, pad=4):
    return "\n".join("\t" + " ".join(f"{v}," for v in values[i:i + per_line]) for i in range(0, len(values), per_line))


def wrap(items):
    lines, line = [], "\t"
    for item in items:
        if len(line) + len(item) > 112:
            lines.append(line.rstrip())
            line = "\t"
        line += item + " "
    return "\n".join(lines + [line.rstrip()])


def write_hash(out, what, names, bits):
    short = [n for n in names if len(n) <= 16]
    k1, k2 = perfect(short, bits)
    table = [0] * (1 << bits)
    for index, name in enumerate(names, 1):
        if len(name) <= 16:
            table[slot(name, k1, k2, bits)] = index
    used = [(i, v) for i, v in enumerate(table) if v]
    up = what.upper()
    out.append(f"#define HTML_{up}_HASH_BITS {bits}")
    out.append(f"#define HTML_{up}_HASH_K1 UINT64_C({k1:#x})")
    out.append(f"#define HTML_{up}_HASH_K2 UINT64_C({k2:#x})")
    out.append(f"static const uint8_t html_{what}_slots[1 << {bits}] = {{")
    out.append(wrap([f"[{i}] = {v}," for i, v in used]))
    out.append("};\n")
    out.append("/* Names of up to 16 bytes, zero padded, by id; longer ones are found by comparison (size first). */")
    out.append(f"static const struct html_known_name html_{what}_names[{len(names) + 1}] = {{")
    out.append(wrap([f'[{i}] = {{"{n}", {len(n)}}},' for i, n in enumerate(names, 1)]))
    out.append("};\n")
    longer = [i for i, n in enumerate(names, 1) if len(n) > 16]
    if longer:
        out.append(f"static const uint8_t html_{what}_long[{len(longer)}] = {{" + ", ".join(map(str, longer)) + "};\n")


def main():
    tags = unique(HTML_TAGS + SVG_TAGS + MATHML_TAGS + CUSTOM_TAGS)
    attrs = unique(a for a in ATTRS)
    assert all(len(t) <= 16 for t in tags)
    assert len(tags) < 255 and len(attrs) < 127, (len(tags), len(attrs))
    note = "/* Generated by extract/gen/html_names.py: change the lists there. */"
    head = [note, "#ifndef WARCMILL_HTML_TAGS_H", "#define WARCMILL_HTML_TAGS_H", "",
            "/* clang-format off */", "",
            "/* Ids of element names the parser or its users ask for; SVG and MathML share ids with HTML where the names",
            " * are equal (html_ns tells them apart). Names are lower case here, also SVG's. */", "enum html_tag {",
            "\tHTML_TAG_UNKNOWN = 0,"]
    head += [wrap([enum_name("HTML_TAG_", t) + "," for t in tags]), f"\tHTML_TAG_COUNT", "};", "", "enum html_attr {",
             "\tHTML_ATTR_UNKNOWN = 0,", wrap([enum_name("HTML_ATTR_", a) + "," for a in attrs]), "\tHTML_ATTR_COUNT", "};", "", "/* clang-format on */", "#endif", ""]
    (HERE / "html_tags.h").write_text("\n".join(head))

    out = [note, "#ifndef WARCMILL_HTML_NAMES_TABLE_H", "#define WARCMILL_HTML_NAMES_TABLE_H", "",
           "#include <stdint.h>", "", "/* clang-format off */", "",
           "struct html_known_name {", "\tchar name[23];", "\tuint8_t size;", "};", ""]
    write_hash(out, "tag", tags, 12)
    write_hash(out, "attr", attrs, 11)
    out.append("/* WHATWG HTML 13.2.6.5: names whose case SVG restores; sorted by their lower-case form. */")
    for what, names in (("tag", SVG_TAG_CASE), ("attr", SVG_ATTR_CASE)):
        names = sorted(names, key=str.lower)
        out.append(f"static const char *const html_svg_{what}_case_table[{len(names)}] = {{")
        out.append(wrap([f'"{n}",' for n in names]))
        out.append("};\n")
    out += ["/* clang-format on */", "#endif", ""]
    (HERE / "html_names_table.h").write_text("\n".join(out))


main()
