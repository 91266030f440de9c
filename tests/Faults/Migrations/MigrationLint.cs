using System.Text.RegularExpressions;

namespace EnergyTTT.Faults.Migrations;

/// <summary>
/// Finds in a migration what would stop or break servers that run while it is applied. A step expands: it adds what the version before does not know of.
/// What takes something away contracts: it comes a version later, and says so in the comment above it: <c>-- contract: why nobody misses it</c>.
/// </summary>
internal static partial class MigrationLint
{
    /// <summary>What is wrong with a step, statement by statement.</summary>
    /// <param name="sql">The step.</param>
    /// <param name="made">Tables of earlier steps.</param>
    public static IEnumerable<string> Look(string sql, IReadOnlySet<string> made)
    {
        foreach (var statement in Statements(sql))
        {
            if (Contract().IsMatch(statement))
            {
                continue;
            }

            var text = Comment().Replace(statement, "").Trim();
            foreach (var fault in Faults(text, made))
            {
                yield return $"{fault}: {string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Take(12))} ...";
            }
        }
    }

    /// <summary>The tables that a step makes.</summary>
    public static IEnumerable<string> Makes(string sql) => CreateTable().Matches(sql).Select(match => match.Groups[1].Value);

    private static IEnumerable<string> Faults(string text, IReadOnlySet<string> made)
    {
        if (Drop().IsMatch(text))
        {
            yield return "takes away what the version before may use";
        }

        if (CreateIndex().Match(text) is { Success: true } index && made.Contains(index.Groups[1].Value))
        {
            yield return "builds an index on a table that is written meanwhile; writers wait for all of it";
        }

        if (AlterTable().Match(text) is not { Success: true } alter || !made.Contains(alter.Groups[1].Value))
        {
            yield break;
        }

        foreach (var part in Parts().Split(text[alter.Length..]).Select(part => part.Trim()))
        {
            if (Regex.IsMatch(part, @"\b(drop\s+(column|constraint)|rename\b)", RegexOptions.IgnoreCase))
            {
                yield return "takes away what the version before may use";
            }

            if (Regex.IsMatch(part, @"alter\s+column\s+\S+\s+(set\s+data\s+)?type\b", RegexOptions.IgnoreCase))
            {
                yield return "changes a type: the table is rewritten while all wait";
            }

            if (Regex.IsMatch(part, @"alter\s+column\s+\S+\s+set\s+not\s+null", RegexOptions.IgnoreCase))
            {
                yield return "wants a value that the version before does not write";
            }

            if (Regex.IsMatch(part, @"^add\s+column\b", RegexOptions.IgnoreCase))
            {
                if (Regex.IsMatch(part, @"\bnot\s+null\b", RegexOptions.IgnoreCase) && !Regex.IsMatch(part, @"\bdefault\b", RegexOptions.IgnoreCase))
                {
                    yield return "adds a column that the version before leaves empty, and forbids that";
                }

                if (Regex.IsMatch(part, @"\bdefault\s+(clock_timestamp|random|gen_random_uuid|nextval)\b", RegexOptions.IgnoreCase))
                {
                    yield return "adds a default that differs from row to row: the table is rewritten while all wait";
                }
            }

            if (Regex.IsMatch(part, @"^add\s+constraint\b.*\b(check|foreign\s+key)\b", RegexOptions.IgnoreCase | RegexOptions.Singleline) && !Regex.IsMatch(part, @"\bnot\s+valid\b", RegexOptions.IgnoreCase))
            {
                yield return "adds a constraint that is checked on all rows while all wait; add it not valid, and validate it in a step of its own";
            }
        }
    }

    private static IEnumerable<string> Statements(string sql) => Body().Replace(sql, "").Split(';').Where(statement => Comment().Replace(statement, "").Trim().Length > 0);

    [GeneratedRegex(@"--\s*contract:\s*\S+")]
    private static partial Regex Contract();

    [GeneratedRegex("--[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'", RegexOptions.Singleline)]
    private static partial Regex Body();

    [GeneratedRegex(@"create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?([\w.]+)", RegexOptions.IgnoreCase)]
    private static partial Regex CreateTable();

    [GeneratedRegex(@"^create\s+(?:unique\s+)?index\s+(?:if\s+not\s+exists\s+)?(?:\w+\s+)?on\s+(?:only\s+)?([\w.]+)", RegexOptions.IgnoreCase)]
    private static partial Regex CreateIndex();

    [GeneratedRegex(@"^alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?([\w.]+)", RegexOptions.IgnoreCase)]
    private static partial Regex AlterTable();

    [GeneratedRegex(@"^drop\s+(table|view|schema|type|function|index|sequence|trigger)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Drop();

    // Commas outside of brackets part the changes of one statement.
    [GeneratedRegex(@",(?![^(]*\))")]
    private static partial Regex Parts();
}
