using EnergyTTT.History;
using Npgsql;
using Xunit;

namespace EnergyTTT.Testing.Databases;

/// <summary>A database of its own with the product's schema, for the tests of one class (<c>IClassFixture&lt;PostgresFixture&gt;</c>).</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private NpgsqlDataSource? _source;
    private string? _connectionString;

    /// <summary>How to reach the database.</summary>
    public string ConnectionString => _connectionString ?? throw new InvalidOperationException("The fixture has not been initialised.");

    /// <summary>A data source as the product opens it.</summary>
    public NpgsqlDataSource Source => _source ?? throw new InvalidOperationException("The fixture has not been initialised.");

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        var server = await PostgresServer.Shared;
        _connectionString = await server.CreateDatabase();
        _source = HistoryRegistration.OpenSource(_connectionString);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        if (_connectionString is not null)
        {
            await (await PostgresServer.Shared).DropDatabase(_connectionString);
        }
    }
}
