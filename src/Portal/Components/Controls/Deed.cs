namespace EnergyTTT.Portal.Components.Controls;

/// <summary>Something that a person does on a page: one at a time, with what became of it. What fails is told to the person and changes nothing else.</summary>
public sealed class Deed
{
    /// <summary>Whether it is being done.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Whether it was refused or failed.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>What became of it, for the person; null: nothing was done yet.</summary>
    public string? Said { get; private set; }

    /// <summary>Says that it is not done, and why.</summary>
    public void Refuse(string why) => (IsRefused, Said) = (true, why);

    /// <summary>Does it, unless it is being done.</summary>
    /// <param name="what">What it would have been, after "It could not be", when it fails.</param>
    /// <param name="deed">Whether it was refused, and the sentence for the person.</param>
    public async Task Do(string what, Func<Task<(bool Refused, string Said)>> deed)
    {
        ArgumentNullException.ThrowIfNull(deed);
        if (IsBusy)
        {
            return;
        }

        IsBusy = true;
        try
        {
            (IsRefused, Said) = await deed();
        }
#pragma warning disable CA1031 // Whatever it was, the person is told; the page shows how things stand.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Refuse($"It could not be {what}: {exception.Message}.");
        }
        finally
        {
            IsBusy = false;
        }
    }
}
