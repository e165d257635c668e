using Npgsql;
using NpgsqlTypes;

namespace Tidings.PostgreSql.Databases;

/// <summary>A statement with its parameters, to be run once.</summary>
/// <param name="Text">With $1, $2 … for the parameters.</param>
/// <param name="Values">The parameters: texts, numbers, truths, bytes, arrays of them, or null.</param>
internal readonly record struct Statement(string Text, params object?[] Values)
{
    public void BindTo(NpgsqlParameterCollection parameters)
    {
        foreach (var value in Values)
        {
            parameters.Add(Parameter(value));
        }
    }

    /// <summary>Runs it on a connection of its own.</summary>
    /// <param name="database">Where.</param>
    /// <param name="read">Reads the answer, row by row.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="Brokers.BrokerUnavailableException">It was not done, or it is not known whether it was.</exception>
    public async Task<T> RunAsync<T>(PostgreSqlDatabase database, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
            return await RunAsync(connection, read, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (PostgreSqlFault.Is(error))
        {
            throw PostgreSqlFault.Translate(error);
        }
    }

    /// <summary>Runs it where the answer is one value, or none.</summary>
    public Task<object?> AskAsync(PostgreSqlDatabase database, CancellationToken cancellationToken = default) => RunAsync(database, ValueAsync, cancellationToken);

    /// <summary>Runs it on a given connection; faults are the database's own.</summary>
    public async Task<T> RunAsync<T>(NpgsqlConnection connection, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Each text is a constant of this project.
        command.CommandText = Text;
#pragma warning restore CA2100
        BindTo(command.Parameters);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        return await read(rows).ConfigureAwait(false);
    }

    /// <summary>The first value of the first row; null where there is none.</summary>
    public static async Task<object?> ValueAsync(NpgsqlDataReader rows) =>
        await rows.ReadAsync().ConfigureAwait(false) && rows.FieldCount > 0 && !rows.IsNull(0) ? rows.GetValue(0) : null;

    private static NpgsqlParameter Parameter(object? value) => value switch
    {
        string text => new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlDbType.Text },
        int number => new NpgsqlParameter<int> { TypedValue = number },
        short number => new NpgsqlParameter<short> { TypedValue = number },
        long number => new NpgsqlParameter<long> { TypedValue = number },
        bool truth => new NpgsqlParameter<bool> { TypedValue = truth },
        byte[] bytes => new NpgsqlParameter<byte[]> { TypedValue = bytes, NpgsqlDbType = NpgsqlDbType.Bytea },
        ReadOnlyMemory<byte> bytes => new NpgsqlParameter<byte[]> { TypedValue = bytes.ToArray(), NpgsqlDbType = NpgsqlDbType.Bytea },
        string?[] texts => new NpgsqlParameter { Value = texts, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
        byte[]?[] many => new NpgsqlParameter { Value = many, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea },
        int[] or int?[] => new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer },
        short[] => new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint },
        long[] or long?[] => new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
        bool[] => new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Boolean },
        null => new NpgsqlParameter { Value = DBNull.Value },
        Null none => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = none.Type },
        _ => throw new ArgumentException($"No parameter may be a {value.GetType()}."),
    };
}

/// <summary>No value of a type.</summary>
internal readonly record struct Null(NpgsqlDbType Type)
{
    public static readonly object Number = new Null(NpgsqlDbType.Bigint);
    public static readonly object Integer = new Null(NpgsqlDbType.Integer);
}
