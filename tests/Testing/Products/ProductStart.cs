namespace EnergyTTT.Testing.Products;

/// <summary>How a product is started.</summary>
/// <param name="Folder">Its data folder.</param>
public sealed record ProductStart(string Folder)
{
    /// <summary>An external database; null for the private one.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>The address that HTTP listens on and is asked at.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>The port of HTTP; null for a free one.</summary>
    public int? Port { get; init; }

    /// <summary>The program; null for the one built with the tests.</summary>
    public string? Program { get; init; }

    /// <summary>What runs it, such as <c>ip netns exec NAME</c>; must replace itself by the program, so that signals reach it.</summary>
    public IReadOnlyList<string> Within { get; init; } = [];

    /// <summary>Further settings on the command line.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];
}
