"""This file reads a program's settings: a TOML file, then the environment, then options.

A program describes its settings once, as a msgspec Struct whose fields carry a description and
a unit; help texts, the sample file and the checks all come from it.
"""

from __future__ import annotations

import argparse
import codecs
import os
import string
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from protocol.errors import LopHocError
from protocol.shapes import from_plain
from protocol.words import LANGUAGES, N_, Translate, preferred_language, translator

Shape = TypeVar("Shape", bound=msgspec.Struct)

MAX_TREE_BYTES: Final = 64 * 1024
_MOST_SHOWN: Final = 80
_UNSET: Final = object()
_BLANK: Final = string.whitespace + "\0"  # a power cut may leave a file of noughts, too
_MARKS: Final = {  # the longer first
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_QUOTES: Final = "\"'“”„‟«»″\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"


class SettingsError(LopHocError):
    """A setting that cannot be used: what is wrong, and what to write instead."""


class Setting(NamedTuple):
    """One setting: its path in the file, its type, default, what it means and its unit."""

    path: tuple[str, ...]
    type: Any
    default: Any
    description: str
    unit: str

    @property
    def name(self) -> str:
        """The name with its table in front, such as limits_disk_warning_percent."""
        return "_".join(self.path)

    @property
    def option(self) -> str:
        """The name on the command line, such as --limits-disk-warning-percent."""
        return "--" + self.name.replace("_", "-")


def settings_of(shape: type[msgspec.Struct], above: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Every setting of the shape, tables flattened."""
    hints = get_type_hints(shape, include_extras=True)
    for field in msgspec.structs.fields(shape):
        hint = hints[field.name]
        meta = next((arg for arg in get_args(hint) if isinstance(arg, msgspec.Meta)), None)
        bare = get_args(hint)[0] if meta else hint
        path = (*above, field.encode_name)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            yield from settings_of(bare, path)
            continue
        unit = (meta.extra or {}).get("unit", "") if meta else ""
        yield Setting(path, hint, field.default, (meta.description or "") if meta else "", unit)


def speaker(prefix: str, environ: Mapping[str, str]) -> Translate:
    """The translator for a program's own words: by <prefix>LANG, else as the machine is set."""
    language = environ.get(f"{prefix}LANG", "")
    return translator(language if language in LANGUAGES else preferred_language(environ))


def add_options(
    parser: argparse.ArgumentParser, shape: type[msgspec.Struct], translate: Translate = str
) -> None:
    """Give the parser --config and one option a setting, explained in the translator's language."""
    config, usual = translate(N_("settings file (TOML)")), translate(N_("default"))
    parser.add_argument("--config", type=Path, metavar="FILE", help=config)
    for setting in settings_of(shape):
        plain = "" if setting.default in ("", None, msgspec.NODEFAULT) else setting.default
        default = f" ({usual}: {_plain(plain)})" if plain != "" else ""
        parser.add_argument(
            setting.option,
            dest=setting.name,
            default=_UNSET,
            metavar="PATH" if _bare(setting) is Path else setting.path[-1].upper(),
            help=f"{_meaning(setting, translate)}{default}".replace("%", "%%"),
        )


def given_option(options: argparse.Namespace, name: str) -> Any:
    """What an option is set to on the command line; None where it is not there."""
    value = getattr(options, name, _UNSET)
    return None if value is _UNSET else value


def load(
    shape: type[Shape],
    prefix: str,
    options: argparse.Namespace,
    environ: Mapping[str, str],
    complete: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Shape:
    """Read the settings; prefix is that of the environment, such as LOPHOC_AGENT_.

    complete: what makes them whole, by name, from those that were given.
    Raises SettingsError that names the setting and, for a typo, the nearest valid name.
    """
    by_name = {setting.name: setting for setting in settings_of(shape)}
    chosen = given_option(options, "config") or environ.get(f"{prefix}CONFIG")
    values = dict(_flat(settings_tree(Path(chosen)), shape)) if chosen else {}
    values |= _from_environment(prefix, environ, by_name)
    values |= {
        name: value for name in by_name if (value := given_option(options, name)) is not None
    }
    tree: dict[str, Any] = {}
    for name, value in complete(values).items():
        setting = by_name[name]
        branch = tree
        for table in setting.path[:-1]:
            branch = branch.setdefault(table, {})
        branch[setting.path[-1]] = _convert(setting, value)
    try:
        return from_plain(tree, shape)
    except msgspec.ValidationError as error:
        raise _missing_error(by_name, tree, error) from error


def sample(shape: type[msgspec.Struct], title: str, prefix: str) -> str:
    """A commented TOML file with every setting, its default and unit, in every language."""
    order = N_("The environment ({prefix}...) and options come after this file.")
    head = _comments(lambda say: say(title)) + _comments(lambda say: say(order))
    lines = [line.replace("{prefix}", prefix) for line in head]
    table: tuple[str, ...] = ()
    for setting in settings_of(shape):
        if setting.path[:-1] != table:
            table = setting.path[:-1]
            lines += ["", f"[{'.'.join(table)}]"]
        lines += ["", *_comments(partial(_meaning, setting))]
        has_default = setting.default is not msgspec.NODEFAULT
        lines.append(f"# {setting.path[-1]} = {_toml(setting.default if has_default else '')}")
    return "\n".join(lines) + "\n"


def unknown(code: str, message: str, typo: str, names: Iterable[str]) -> SettingsError:
    """An error that names the valid name nearest to a typo, or all of them."""
    import difflib  # noqa: PLC0415 - of 130 KiB, and only who mistypes needs it

    by_word = {name.lstrip("-"): name for name in sorted(names)}  # dashes are no likeness
    word = typo.split("=", maxsplit=1)[0].lstrip("-")
    close = [by_word[each] for each in difflib.get_close_matches(word, by_word, n=1, cutoff=0.5)]
    hint = N_("Did you mean {nearest}?") if close else N_("Valid: {valid}.")
    values = {"nearest": "".join(close), "valid": ", ".join(by_word.values())}
    return SettingsError(code, message, hint, name=typo, **values)


def password_in(file: str) -> str:
    """The password that a file holds; "" where no file is named. Raises SettingsError.

    An empty file is what a power cut may leave: it never stands for "no password".
    """
    if not file:
        return ""
    try:
        password = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "password_unreadable",
            N_("The password file {path} cannot be read."),
            N_("Check the setting and the file's owner."),
            path=file,
        ) from error
    if not password:
        raise SettingsError(
            "password_empty",
            N_("The password file {path} is empty."),
            N_("Write the password into it again, or leave the setting empty if there is none."),
            path=file,
        )
    return password


def _meaning(setting: Setting, translate: Translate) -> str:
    """What the setting means, with its unit; gettext has its own answer to an empty text."""
    description = translate(setting.description) if setting.description else ""
    return f"{description} [{translate(setting.unit)}]" if setting.unit else description


def _comments(text_in: Callable[[Translate], str]) -> list[str]:
    """What is said as comments, Vietnamese above English; once where they are the same."""
    return [
        f"# {line}"
        for line in dict.fromkeys(text_in(translator(language)) for language in LANGUAGES)
    ]


def settings_tree(path: Path) -> dict[str, Any]:
    """What a settings file holds, of names that may be wrong yet. Raises SettingsError.

    A blank one is what a power cut leaves; whoever wants nothing set names no file.
    """
    try:
        return _tree_of(path.read_bytes(), path)
    except OSError as error:
        raise SettingsError(
            "file_unreadable",
            N_("The settings file {path} cannot be read: {cause}."),
            path=path,
            cause=error.strerror,
        ) from error


def settings_text(content: bytes) -> str:
    """A file's text, however an editor of Windows has kept it. Raises UnicodeDecodeError."""
    for mark, coding in _MARKS.items():
        if content.startswith(mark):
            return content.removeprefix(mark).decode(coding)
    return content.decode()


def tree_in(path: Path, most_bytes: int = MAX_TREE_BYTES) -> dict[str, Any]:
    """What a TOML file holds that a person keeps in a program's folder.

    Raises OSError; SettingsError where it is no TOML, too long, or blank: so a power cut leaves
    one, and that is never "nothing".
    """
    if path.stat().st_size > most_bytes:
        message = N_("The settings file {path} is too long.")
        raise SettingsError("file_damaged", message, N_("Put it back from a copy."), path=path)
    return _tree_of(path.read_bytes(), path)


def _tree_of(content: bytes, path: Path) -> dict[str, Any]:
    """What TOML holds. Raises SettingsError, in whole sentences, with what to write instead."""
    text = ""
    try:
        text = settings_text(content)
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        if text.strip(_BLANK):
            from protocol.toml_flaws import flaw_of  # noqa: PLC0415 - only who mistypes needs it

            message, hint, values = flaw_of(text, error)
            raise SettingsError("file_damaged", message, hint, path=path, **values) from error
        if not text:
            message = N_("The settings file {path} is no text in UTF-8.")
            hint = N_("Save it again as UTF-8.")
            raise SettingsError("file_damaged", message, hint, path=path) from error
        tree = {}
    if not text.strip(_BLANK):
        raise SettingsError(
            "file_empty",
            N_("The settings file {path} is empty, as a power cut leaves one."),
            N_("Put it back from a copy, or write it anew from the sample file."),
            path=path,
        )
    return tree


def shaped(tree: dict[str, Any], shape: type[Shape], path: Path) -> Shape:
    """What a file holds, as a shape of structs, maps and values. Raises SettingsError.

    It names the setting by its tables, and what can be written; for a typo the nearest name.
    """
    try:
        return from_plain(tree, shape)
    except msgspec.ValidationError as error:
        raise (_flaw_in(tree, shape, (), path) or _unfit(path, error)) from error


def _flaw_in(value: Any, hint: Any, above: tuple[str, ...], path: Path) -> SettingsError | None:
    """What of a value does not fit its type; None where it does."""
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct) and isinstance(value, dict):
        return _flaw_in_struct(value, bare, above, path)
    names = get_args(bare)
    if get_origin(bare) in {dict, Mapping} and isinstance(value, dict):
        parts = ((str(name), names[0], names[1], one) for name, one in value.items())
        for name, kind, of, one in parts:
            if not _fits(name, kind):
                message = N_("The settings file {path} has a name that cannot be used: {name}.")
                cure = N_("Use the letters a to z, digits and hyphens, such as thay-minh.")
                return SettingsError("name_invalid", message, cure, path=path, name=name)
            if found := _flaw_in(one, of, (*above, name), path):
                return found
        return None
    if get_origin(bare) is tuple and isinstance(value, list) and names[1:] == (Ellipsis,):
        flaws = (
            _flaw_in(one, names[0], (*above[:-1], f"{above[-1]}[{number}]"), path)
            for number, one in enumerate(value, 1)
        )
        if found := next(filter(None, flaws), None):
            return found
    if _fits(value, hint):
        return None
    setting = Setting(above, hint, None, "", "")
    return SettingsError(
        "setting_invalid",
        N_("The setting {name} in {path} cannot be {value}."),
        _fitting(setting, value),
        path=path,
        name=".".join(above),
        value=repr(value)[:_MOST_SHOWN],
        cause=N_("it is too long or too short"),
        **_bounds(setting),
    )


def _flaw_in_struct(
    value: dict[str, Any], shape: type[msgspec.Struct], above: tuple[str, ...], path: Path
) -> SettingsError | None:
    fields, hints = msgspec.structs.fields(shape), get_type_hints(shape, include_extras=True)
    known = {field.encode_name: field for field in fields}
    if shape.__struct_config__.forbid_unknown_fields:
        for name in value.keys() - known.keys():
            message = N_("The settings file has an unknown setting: {name}.")
            names = [".".join((*above, one)) for one in known]
            return unknown("setting_unknown", message, ".".join((*above, name)), names)
    for name, field in known.items():
        if name in value:
            if found := _flaw_in(value[name], hints[field.name], (*above, name), path):
                return found
        elif field.required:
            message = N_("The settings file {path} lacks the setting {name}.")
            missing = ".".join((*above, name))
            return SettingsError(
                "setting_missing", message, N_("Write it."), path=path, name=missing
            )
    return None


def _fits(value: Any, hint: Any) -> bool:
    try:
        from_plain(value, hint)
    except msgspec.ValidationError:
        return False
    return True


def _unfit(path: Path, error: Exception) -> SettingsError:
    message = N_("{path} cannot be used: {cause}.")
    return SettingsError("setting_invalid", message, path=path, cause=error)


def _flat(
    tree: dict[str, Any], shape: type[msgspec.Struct], above: tuple[str, ...] = ()
) -> Iterator[tuple[str, Any]]:
    """The file's settings with their tables in front; unknown names are refused."""
    by_path = {setting.path: setting.name for setting in settings_of(shape)}
    tables = {path[:depth] for path in by_path for depth in range(1, len(path))}
    for name, value in tree.items():
        place = (*above, name)
        if place in by_path:
            yield by_path[place], value
        elif place in tables and isinstance(value, dict):
            yield from _flat(value, shape, place)
        else:
            names = [".".join(path) for path in (*by_path, *tables)]
            message = N_("The settings file has an unknown setting: {name}.")
            raise unknown("setting_unknown", message, ".".join(place), names)


def _from_environment(
    prefix: str, environ: Mapping[str, str], by_name: Mapping[str, Setting]
) -> dict[str, Any]:
    values = {}
    for variable, value in environ.items():
        if not variable.startswith(prefix) or variable == f"{prefix}CONFIG":
            continue
        name = variable.removeprefix(prefix).lower()
        if name not in by_name:
            names = [prefix + setting_name.upper() for setting_name in by_name]
            message = N_("The environment has an unknown setting: {name}.")
            raise unknown("setting_unknown", message, variable, names)
        if len(value) > 1 and value[0] in _QUOTES and value[-1] in _QUOTES:
            raise SettingsError(
                "setting_quoted",
                N_("The value of {name} in the environment has quotation marks around it."),
                N_("Write {name}={value} without them."),
                name=variable,
                value=value.strip(_QUOTES),
            )
        values[name] = value
    return values


def is_text(word: str) -> bool:
    """Whether it can be written as UTF-8; bytes that are none stand in it as halves of pairs."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def place_of(name: str, value: str) -> Path:
    """A setting that is a file or folder. Raises SettingsError: "" is not where one stands."""
    if not value:
        raise SettingsError(
            "setting_empty",
            N_("The setting {name} is empty."),
            N_("Name a file or folder, or leave it out altogether."),
            name=name,
        )
    return Path(value)


def _convert(setting: Setting, value: Any) -> Any:
    if isinstance(value, str) and not (is_text(value) or _bare(setting) is Path):
        raise SettingsError(
            "setting_unreadable",
            N_("The setting {name} is no text in UTF-8: {value}."),
            N_("Set the terminal, or what starts the program, to UTF-8."),
            name=setting.name,
            value=repr(value),
        )
    if isinstance(value, str) and _bare(setting) is Path:
        value = place_of(setting.name, value)
    try:
        return from_plain(value, setting.type, strict=False, dec_hook=_same)
    except msgspec.ValidationError as error:
        raise SettingsError(
            "setting_invalid",
            N_("The setting {name} cannot be {value}."),
            _fitting(setting, value),
            name=setting.name,
            value=repr(value),
            cause=error,
            **_bounds(setting),
        ) from error


def _bare(setting: Setting) -> Any:
    hint = setting.type
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _bounds(setting: Setting) -> dict[str, object]:
    """Between which values a setting is, and which words it can be."""
    metas = [arg for arg in get_args(setting.type) if isinstance(arg, msgspec.Meta)]
    meta = metas[0] if metas else msgspec.Meta()
    least = next((each for each in (meta.ge, meta.gt) if each is not None), "")
    most = next((each for each in (meta.le, meta.lt) if each is not None), "")
    bare = _bare(setting)
    words = get_args(bare) if get_origin(bare) is Literal else ()
    words = tuple(bare) if isinstance(bare, type) and issubclass(bare, StrEnum) else words
    return {"least": least, "most": most, "words": ", ".join(f'"{word}"' for word in words)}


def _fitting(setting: Setting, value: Any) -> str:
    """What can be written, as a message id with {names}."""
    bare, bounds = _bare(setting), _bounds(setting)
    if bounds["words"]:
        return N_("Write one of {words}.")
    if bare is bool:
        return N_("Write true or false.")
    if bare is int or bare is float:
        if bounds["most"] != "":
            return N_("Write a number from {least} to {most}, without a unit.")
        if bounds["least"] != "":
            return N_("Write a number, {least} or more, without a unit.")
        return N_("Write a number without a unit.")
    if isinstance(value, str):
        return N_("It does not fit: {cause}.")
    return N_('Write it as text between straight quotation marks: {name} = "…".')


def _same(_kind: type, value: Any) -> Any:
    """Paths, which msgspec does not know."""
    return value


def _missing_error(
    by_name: Mapping[str, Setting], tree: Mapping[str, Any], error: Exception
) -> SettingsError:
    missing = [
        setting.option
        for setting in by_name.values()
        if setting.default is msgspec.NODEFAULT and setting.path[0] not in tree
    ]
    if not missing:
        return SettingsError("setting_invalid", N_("A setting is wrong: {cause}."), cause=error)
    return SettingsError(
        "setting_missing",
        N_("Some settings are missing."),
        N_("Give {options}, in the settings file, the environment or as options."),
        options=", ".join(missing),
    )


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _toml(value: Any) -> str:
    match value:
        case bool() | int() | float():
            return _plain(value)
        case _:
            text = "" if value is None else os.fspath(value) if isinstance(value, Path) else value
            return f'"{text}"'
