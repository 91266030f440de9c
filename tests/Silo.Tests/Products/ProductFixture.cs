using EnergyTTT.History.Access;
using EnergyTTT.Testing.Databases;
using Npgsql;
using Xunit;

namespace EnergyTTT.Silo.Tests.Products;

/// <summary>One product over a database of its own, with a key per role, for the tests of the API.</summary>
public sealed class ProductFixture : IAsyncLifetime
{
    private readonly PostgresFixture _database = new();
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "energyttt-test-" + Guid.NewGuid().ToString("N")[..8]);
    private Product? _product;

    public Product Product => _product ?? throw new InvalidOperationException("not started");

    public NpgsqlDataSource Source => _database.Source;

    public string ConnectionString => _database.ConnectionString;

    public ApiKeys Keys { get; private set; } = null!;

    public HttpClient Agent { get; private set; } = null!;

    public HttpClient Viewer { get; private set; } = null!;

    public HttpClient Administrator { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        Keys = new ApiKeys(_database.Source, TimeProvider.System);
        _product = await Product.Start(_folder, _database.ConnectionString, null, "--Deployments:Shadow", "00:00:02", "--Deployments:EpochInterval", "00:00:01");
        Agent = await ClientOf("agent");
        Viewer = await ClientOf("viewer");
        Administrator = await ClientOf("administrator");
    }

    /// <summary>A client with a new key.</summary>
    public async Task<HttpClient> ClientOf(string role, params string[] hosts) => Product.Client((await NewKey(role, hosts)).Text);

    /// <summary>A new key.</summary>
    public async Task<ApiKeySecret> NewKey(string role, params string[] hosts) =>
        (await Keys.Create(new ApiKeyRequest(role, Hosts: [.. hosts]), CancellationToken.None)).Secret;

    public async Task DisposeAsync()
    {
        foreach (var client in new[] { Agent, Viewer, Administrator })
        {
            client?.Dispose();
        }

        if (_product is not null)
        {
            await _product.DisposeAsync();
        }

        await _database.DisposeAsync();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}

[CollectionDefinition(Name)]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Justification = "xunit's word.")]
public sealed class ProductCollection : ICollectionFixture<ProductFixture>
{
    public const string Name = "product";
}
