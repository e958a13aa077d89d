"""Commands with commands of their own, and what all of them do about slips of the pen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class _Filled(click.types.StringParamType):
    """A text that is not empty: `--policy "$POLICY"` without that variable is no wish."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - likewise
        """Return the text."""
        if value == "":
            self.fail("it is empty; is a variable of the shell not set?", param, ctx)
        return super().convert(value, param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - as click has it
        param: click.Parameter,  # noqa: ARG002 - likewise
        incomplete: str,
    ) -> list[CompletionItem]:
        """Leave it to the shell, which offers files: snapshots, profiles, policies are some."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - for completion only

        return [CompletionItem(incomplete, type="file")]


class Group(click.Group):
    """A group of commands; a name that it has not is answered with those near it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was typed, whose texts must not be empty.

        Raises:
            click.UsageError: there is none of that name.
        """
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from netrx_tune.rules.near import near  # noqa: PLC0415 - only for a slip

            hint = near(args[0], self.list_commands(ctx))
            raise click.UsageError(f"No such command {args[0]!r}{hint}.", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        for param in command.params if command else ():
            if type(param.type) is click.types.StringParamType:
                param.type = _Filled()
        return name, command, rest
