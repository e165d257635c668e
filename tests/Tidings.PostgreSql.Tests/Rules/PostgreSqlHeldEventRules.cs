using Npgsql;
using TestKit;
using Tidings.PostgreSql.Tests.World;
using Tidings.Redis.Tests.Faults;

namespace Tidings.PostgreSql.Tests.Rules;

public sealed class PostgreSqlHeldEventRules(SharedDatabase database) : HeldEventRules, IClassFixture<SharedDatabase>
{
    private protected override int Port => PostgreSqlServer.Shared.Port;

    private protected override string Through(int port) => new NpgsqlConnectionStringBuilder(database.ConnectionString) { Port = port }.ConnectionString;

    private protected override Task ForgetAsync() => Task.Run(() => database.Query("DELETE FROM tidings.held"));
}
