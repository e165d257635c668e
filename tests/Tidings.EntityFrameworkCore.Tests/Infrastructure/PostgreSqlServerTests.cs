namespace Tidings.EntityFrameworkCore.Tests.Infrastructure;

public sealed class PostgreSqlServerTests
{
    [Fact]
    public void What_was_committed_is_there_after_a_kill()
    {
        using var server = new PostgreSqlServer();
        server.Query("postgres", "create table t (id int); insert into t values (7)");
        server.Kill();
        server.Start();
        Assert.Equal("7", server.Query("postgres", "select id from t"));
    }
}
