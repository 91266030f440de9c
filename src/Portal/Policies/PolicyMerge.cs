using System.Collections.Immutable;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Policies;

/// <summary>
/// Two people changed one scope from the same version. What only one of them changed is taken as that one set it; what both changed to
/// different values is for the second to choose. Nothing is dropped silently.
/// </summary>
public sealed class PolicyMerge
{
    private readonly Dictionary<string, bool> _mine = [];

    /// <summary>Compares a draft with the version that was saved meanwhile.</summary>
    public PolicyMerge(PolicyDraft draft, PolicyVersion theirs)
    {
        ArgumentNullException.ThrowIfNull(draft);
        ArgumentNullException.ThrowIfNull(theirs);
        Theirs = theirs;
        Fields =
        [
            .. PolicyCatalogue.Fields
                .Select(field => new MergedField(field, field.Read(draft.Start.Document), draft[field], field.Read(theirs.Document)))
                .Where(field => field.Mine != field.Base || field.Theirs != field.Base),
        ];
        foreach (var field in Fields.Where(field => !field.IsConflict))
        {
            _mine[field.Field.Name] = field.Mine != field.Base;
        }
    }

    /// <summary>The version that was saved meanwhile.</summary>
    public PolicyVersion Theirs { get; }

    /// <summary>Every field that either of the two changed.</summary>
    public ImmutableArray<MergedField> Fields { get; }

    /// <summary>Whether every field has been decided.</summary>
    public bool IsDecided => Fields.All(one => _mine.ContainsKey(one.Field.Name));

    /// <summary>Whether mine is taken (true), theirs (false), or nothing was chosen yet (null).</summary>
    public bool? TakesMine(MergedField field) => _mine.TryGetValue(field.Field.Name, out var mine) ? mine : null;

    /// <summary>Chooses.</summary>
    public void Choose(MergedField field, bool mine) => _mine[field.Field.Name] = mine;

    /// <summary>Goes on from their version with what was chosen.</summary>
    public void ApplyTo(PolicyDraft draft)
    {
        ArgumentNullException.ThrowIfNull(draft);
        if (!IsDecided)
        {
            throw new InvalidOperationException("a field is undecided");
        }

        draft.Rebase(Theirs, Theirs.Document);
        foreach (var field in Fields)
        {
            draft[field.Field] = _mine[field.Field.Name] ? field.Mine : field.Theirs;
        }
    }
}

/// <summary>One field of a merge; null is "inherits".</summary>
/// <param name="Field">The field.</param>
/// <param name="Base">What both started from.</param>
/// <param name="Mine">What the second sets.</param>
/// <param name="Theirs">What the first has saved.</param>
public sealed record MergedField(PolicyField Field, string? Base, string? Mine, string? Theirs)
{
    /// <summary>Whether both changed it, to different values.</summary>
    public bool IsConflict => Mine != Base && Theirs != Base && Mine != Theirs;
}
