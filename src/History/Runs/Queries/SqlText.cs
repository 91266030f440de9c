using System.Globalization;
using System.Text;
using Npgsql;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>
/// SQL under construction. Text comes from this room's own constants only: what a person wrote goes in through <see cref="Value{T}"/>, which writes a numbered parameter and nothing else.
/// </summary>
internal sealed class SqlText
{
    private readonly StringBuilder _text = new();

    /// <summary>The parameters in the order of their numbers.</summary>
    public List<NpgsqlParameter> Parameters { get; } = [];

    /// <summary>Adds a constant of this room.</summary>
    public SqlText Add(string constant)
    {
        _text.Append(constant);
        return this;
    }

    /// <summary>Adds a parameter with a value.</summary>
    public SqlText Value<T>(T value)
    {
        Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        _text.Append('$').Append(Parameters.Count.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    /// <summary>A command of it.</summary>
    public NpgsqlCommand Command(NpgsqlConnection connection, NpgsqlTransaction? transaction = null)
    {
        var command = new NpgsqlCommand(_text.ToString(), connection, transaction);
        foreach (var parameter in Parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
