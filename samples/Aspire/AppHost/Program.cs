// A push server and a shop that uses it: dotnet run --project samples/Aspire/AppHost
// It starts the program tidings, from the PATH or from --tidings; AddTidings("push") would start a container instead.
var builder = DistributedApplication.CreateBuilder(args);

var push = builder.AddTidingsExecutable("push", builder.Configuration["tidings"] ?? "tidings");

builder.AddProject<Projects.Shop>("shop")
    .WithReference(push)
    .WaitFor(push)
    .WithHttpHealthCheck("/orders");

builder.Build().Run();
