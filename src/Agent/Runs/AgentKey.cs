namespace EnergyTTT.Agent.Runs;

/// <summary>The API key: given once, or read from a file again whenever that changes.</summary>
internal sealed class AgentKey(string? key, string? file)
{
    private readonly Lock _gate = new();
    private DateTime _read;
    private string? _key = key;

    /// <summary>The key of the moment, or null where there is none.</summary>
    public string? Current()
    {
        if (file is null)
        {
            return _key;
        }

        lock (_gate)
        {
            try
            {
                var changed = File.GetLastWriteTimeUtc(file);
                if (changed != _read)
                {
                    (_read, _key) = (changed, File.ReadAllText(file).Trim());
                }
            }
            catch (IOException)
            {
                // While the file is being exchanged the last key is as good as any.
            }

            return _key;
        }
    }
}
