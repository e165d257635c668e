using Tidings.Server.AdminKeys;

namespace Tidings.CommandLine.Tests.AdminKeys;

/// <summary>The file of a made admin key: made once, for its user alone, and not taken from anybody else.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class AdminKeyFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tidings-key-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void It_is_made_once_and_then_read()
    {
        var file = AdminKeyFile.PathOf(Path.Combine(_directory, "a", "tidings"), 8000);
        var key = AdminKeyFile.Ensure(file);
        Assert.Equal(64, key.Length);
        Assert.Equal(key, AdminKeyFile.Ensure(file));
        Assert.Equal(key, AdminKeyFile.Read(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
        Assert.Equal([file], Directory.GetFiles(Path.GetDirectoryName(file)!));
        Assert.NotEqual(key, AdminKeyFile.Ensure(AdminKeyFile.PathOf(_directory, 8001)));
    }

    [Fact]
    public async Task Servers_that_start_together_have_one_key()
    {
        var file = AdminKeyFile.PathOf(_directory, 8000);
        var keys = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => AdminKeyFile.Ensure(file))));
        Assert.Single(keys.Distinct());
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_may_use_is_not_taken_and_not_written_over(UnixFileMode others)
    {
        var file = AdminKeyFile.PathOf(_directory, 8000);
        AdminKeyFile.Ensure(file);
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | others);
        var text = File.ReadAllText(file);
        Assert.Null(AdminKeyFile.Read(file));
        Assert.Throws<IOException>(() => AdminKeyFile.Ensure(file));
        Assert.Equal(text, File.ReadAllText(file));
    }

    [Fact]
    public void A_directory_that_others_may_write_is_not_used()
    {
        File.SetUnixFileMode(_directory, File.GetUnixFileMode(_directory) | UnixFileMode.OtherWrite);
        Assert.Throws<UnauthorizedAccessException>(() => AdminKeyFile.Ensure(AdminKeyFile.PathOf(_directory, 8000)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\nf")]
    public void What_is_no_key_of_ours_is_not_taken(string text)
    {
        var file = AdminKeyFile.PathOf(_directory, 8000);
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Null(AdminKeyFile.Read(file));
        Assert.Throws<IOException>(() => AdminKeyFile.Ensure(file));
    }

    [Theory]
    [InlineData("1000", true)]
    [InlineData("0", true)]
    [InlineData("1001", false)]
    public void A_key_is_not_shown_to_another_user_who_listens_there(string listener, bool own)
    {
        string[] lines =
        [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
            $"   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  {listener}        0 1 1",
            "   1: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000  4711        0 1 1",
            "   2: 0100007F:1F40 0100007F:9999 01 00000000:00000000 00:00000000 00000000  4711        0 1 1",
        ];
        Assert.Equal(own, ListeningUser.IsOwn(8000, "1000", lines));
        Assert.True(ListeningUser.IsOwn(8002, "1000", lines));
    }

    [Fact]
    public void A_link_is_neither_followed_nor_written_over()
    {
        var real = AdminKeyFile.PathOf(_directory, 8001);
        AdminKeyFile.Ensure(real);
        var file = AdminKeyFile.PathOf(_directory, 8000);
        File.CreateSymbolicLink(file, real);
        Assert.Null(AdminKeyFile.Read(file));
        Assert.Throws<IOException>(() => AdminKeyFile.Ensure(file));
    }
}
